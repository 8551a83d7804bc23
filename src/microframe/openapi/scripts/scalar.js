// Starts Scalar with the options that its page carries.
"use strict";
(function () {
  const { url, colorScheme, parameters } = JSON.parse(document.getElementById("options").textContent);

  // `/scalar?version=2` shows the document of that version of the API.
  const documentUrl = new URL(url, location.href);
  const version = new URLSearchParams(location.search).get("version");
  if (version) {
    documentUrl.searchParams.set("version", version);
  }

  if (typeof Scalar === "undefined") {
    document.getElementById("missing").hidden = false;
    return;
  }
  Scalar.createApiReference("#scalar", {
    url: documentUrl.href,
    ...(colorScheme === "auto" ? {} : { forceDarkModeState: colorScheme, hideDarkModeToggle: true }),
    ...parameters,
  });
})();
