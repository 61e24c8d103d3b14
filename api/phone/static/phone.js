// Not needed for anything: keeps a draft on the phone, and reads a page aloud where the phone can.
(function () {
  "use strict";
  var form = document.querySelector("form[data-draft]");
  var store = null;
  try { store = window.localStorage; } catch (e) { store = null; }
  var cleared = document.querySelector("[data-clear]");
  if (cleared && store) { store.removeItem("draft:" + cleared.getAttribute("data-clear")); }
  // A tap on a picture answers and goes on; without script the same button does it by its name.
  document.addEventListener("submit", function (event) {
    var one = event.target;
    if (one.getAttribute("data-sent")) { event.preventDefault(); return; }
    one.setAttribute("data-sent", "1");
    setTimeout(function () { one.removeAttribute("data-sent"); }, 4000);
  });
  if (form && store) {
    var key = "draft:" + form.getAttribute("data-draft");
    var read = function () {
      var found = {};
      Array.prototype.forEach.call(form.elements, function (field) {
        if (!field.name || field.name.charAt(0) === "_" || field.type === "submit") { return; }
        if (field.type === "checkbox") { if (field.checked) { found[field.name] = "1"; } return; }
        if (field.value) { found[field.name] = field.value; }
      });
      return found;
    };
    var keep = function () {
      try { store.setItem(key, JSON.stringify({ at: Date.now(), fields: read() })); } catch (e) { /* full */ }
    };
    var old = null;
    try { old = JSON.parse(store.getItem(key) || "null"); } catch (e) { old = null; }
    var day = 24 * 3600 * 1000;
    var first = !form.querySelector("[data-kept]");
    if (old && Date.now() - old.at > 3 * day) { store.removeItem(key); old = null; }
    if (first && old && Object.keys(old.fields).length > 1) {
      var more = document.createElement("button");
      more.type = "button";
      more.className = "btn soft";
      more.textContent = "接着上次填的继续";
      more.addEventListener("click", function () {
        var add = function (name, value) {
          var field = document.createElement("input");
          field.type = "hidden"; field.name = name; field.value = value;
          form.appendChild(field);
        };
        Array.prototype.forEach.call(form.querySelectorAll(".in"), function (field) { field.removeAttribute("name"); });
        Object.keys(old.fields).forEach(function (name) { add(name, old.fields[name]); });
        add("_go", "resume");
        form.submit();
      });
      form.insertBefore(more, form.querySelector("h1"));
    } else if (!first) { keep(); }
    form.addEventListener("input", function () { if (!first || !old) { keep(); } });
    form.addEventListener("submit", keep);
  }
  var aloud = document.getElementById("aloud");
  if (aloud && window.speechSynthesis && window.SpeechSynthesisUtterance) {
    aloud.hidden = false;
    aloud.addEventListener("click", function () {
      window.speechSynthesis.cancel();
      var said = new window.SpeechSynthesisUtterance(document.getElementById("main").innerText);
      said.lang = "zh-CN";
      window.speechSynthesis.speak(said);
    });
  }
})();
