// Starts Swagger UI with the options that its page carries.
"use strict";
(function () {
  const { url, colorScheme, parameters, initOAuth, oauth2RedirectUrl } = JSON.parse(
    document.getElementById("options").textContent
  );
  const here = (path) => new URL(path, location.href).href;

  // `/docs?version=2` shows the document of that version of the API.
  const documentUrl = new URL(url, location.href);
  const version = new URLSearchParams(location.search).get("version");
  if (version) {
    documentUrl.searchParams.set("version", version);
  }

  if (typeof SwaggerUIBundle === "undefined") {
    document.getElementById("missing").hidden = false;
    return;
  }
  if (colorScheme === "dark" || (colorScheme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches)) {
    document.documentElement.classList.add("dark-mode");
  }
  const ui = SwaggerUIBundle({
    url: documentUrl.href,
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
    ...(oauth2RedirectUrl ? { oauth2RedirectUrl: here(oauth2RedirectUrl) } : {}),
    ...parameters,
  });
  if (initOAuth) {
    ui.initOAuth(initOAuth);
  }
})();
