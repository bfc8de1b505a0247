import { init } from "/redoc/assets/js/redoc.standalone.js";

init("/openapi.json", {}, document.getElementById("reference"));
