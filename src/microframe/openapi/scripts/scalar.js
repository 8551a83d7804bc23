// Starts Scalar with the options that its page carries.
"use strict";
(function () {
  const { url, colorScheme, parameters } = JSON.parse(document.getElementById("options").textContent);

  if (typeof Scalar === "undefined") {
    document.getElementById("missing").hidden = false;
    return;
  }
  Scalar.createApiReference("#scalar", {
    url: new URL(url, location.href).href,
    ...(colorScheme === "auto" ? {} : { forceDarkModeState: colorScheme, hideDarkModeToggle: true }),
    ...parameters,
  });
})();
