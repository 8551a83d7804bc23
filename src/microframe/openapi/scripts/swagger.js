// Starts Swagger UI with the options that its page carries.
"use strict";
(function () {
  const { url, colorScheme, parameters, initOAuth, oauth2RedirectUrl } = JSON.parse(
    document.getElementById("options").textContent
  );
  const here = (path) => new URL(path, location.href).href;

  if (typeof SwaggerUIBundle === "undefined") {
    document.getElementById("missing").hidden = false;
    return;
  }
  if (colorScheme === "dark" || (colorScheme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches)) {
    document.documentElement.classList.add("dark-mode");
  }
  const ui = SwaggerUIBundle({
    url: here(url),
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
    ...(oauth2RedirectUrl ? { oauth2RedirectUrl: here(oauth2RedirectUrl) } : {}),
    ...parameters,
  });
  if (initOAuth) {
    ui.initOAuth(initOAuth);
  }
})();
