// Starts ReDoc with the options that its page carries.
"use strict";
(function () {
  const { url, colorScheme, parameters } = JSON.parse(document.getElementById("options").textContent);

  // `/redoc?version=2` shows the document of that version of the API.
  const documentUrl = new URL(url, location.href);
  const version = new URLSearchParams(location.search).get("version");
  if (version) {
    documentUrl.searchParams.set("version", version);
  }

  // ReDoc has no dark colours of its own.
  const darkTheme = {
    colors: {
      primary: { main: "#7cb3ff" },
      text: { primary: "#e4e6eb", secondary: "#a3a9b3" },
      border: { dark: "#3a3f47", light: "#2c3036" },
      http: { basic: "#a3a9b3" },
    },
    schema: { nestedBackground: "#22252a", typeNameColor: "#a3a9b3", typeTitleColor: "#a3a9b3", linesColor: "#4b7bb5" },
    sidebar: { backgroundColor: "#1d2024", textColor: "#e4e6eb" },
    rightPanel: { backgroundColor: "#121417" },
    typography: { code: { color: "#ff9d9d", backgroundColor: "#2c3036" }, links: { color: "#7cb3ff" } },
  };

  if (typeof Redoc === "undefined") {
    document.getElementById("missing").hidden = false;
    return;
  }
  const isDark =
    colorScheme === "dark" || (colorScheme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  if (isDark) {
    document.documentElement.classList.add("dark-mode");
  }
  // It would load its maker's logo from its maker's server, and has no option against that. Given a picture that is none
  // it leaves the logo out.
  const allowed = (url) => (url === "https://cdn.redoc.ly/redoc/logo-mini.svg" ? "data:," : url);
  const images = HTMLImageElement.prototype;
  const source = Object.getOwnPropertyDescriptor(images, "src");
  Object.defineProperty(images, "src", { ...source, set(url) { source.set.call(this, allowed(url)); } });
  images.setAttribute = function (name, value) { Element.prototype.setAttribute.call(this, name, allowed(value)); };
  Redoc.init(
    documentUrl.href,
    { ...(isDark ? { theme: darkTheme } : {}), ...parameters },
    document.getElementById("redoc")
  );
})();
