/* What the pages do besides: amounts in capitals while one types, a form sent once, long lists
   that can be searched. Every page works without this. Chromium 90 knows all of it. */
(function () {
  "use strict";

  // ── 大写金额 ──
  var DIGITS = "零壹贰叁肆伍陆柒捌玖", SMALL = ["", "拾", "佰", "仟"], BIG = ["", "万", "亿", "万亿"];

  function capitals(text) {
    var found = /^(\d{1,13}|\d{1,3}(?:,\d{3}){1,4})(?:\.(\d{1,2}))?$/.exec(text.trim());
    if (!found) { return text.trim() ? "只写数字，最多两位小数" : ""; }
    var whole = found[1].replace(/,/g, "").replace(/^0+(?=\d)/, "");
    var cents = ((found[2] || "") + "00").slice(0, 2), said = "", zero = false;
    for (var i = 0; i < whole.length; i++) {
      var place = whole.length - 1 - i, digit = Number(whole[i]);
      if (digit) { said += (zero && said ? "零" : "") + DIGITS[digit] + SMALL[place % 4]; zero = false; }
      else { zero = true; }
      if (place % 4 === 0 && Number(whole.slice(Math.max(0, i - 3), i + 1))) { said += BIG[place / 4]; }
    }
    said = said ? said + "元" : "";
    if (cents === "00") { return said ? said + "整" : "零元整"; }
    var jiao = Number(cents[0]), fen = Number(cents[1]);
    return said + (jiao ? DIGITS[jiao] + "角" : said ? "零" : "") + (fen ? DIGITS[fen] + "分" : "整");
  }

  function tell(input) {
    var output = document.querySelector('output[for="' + input.id + '"]');
    if (output) { output.textContent = capitals(input.value); }
  }

  // ── a long list of choices gets a field to search it ──
  function searchable(select) {
    if (select.options.length < 16 || select.dataset.found) { return; }
    select.dataset.found = "1";
    var every = Array.prototype.slice.call(select.options);
    var box = document.createElement("input");
    box.type = "search";
    box.className = "form-control form-control-sm mb-1";
    box.placeholder = "输入几个字筛选";
    box.setAttribute("aria-label", "筛选选项");
    box.addEventListener("input", function () {
      var sought = box.value.trim();
      var kept = every.filter(function (each) { return !each.value || each.text.indexOf(sought) >= 0; });
      var chosen = select.value;
      select.replaceChildren.apply(select, kept);
      select.value = kept.some(function (each) { return each.value === chosen; }) ? chosen : "";
      if (sought && kept.length === 2) { select.value = kept[1].value; }
    });
    select.parentNode.insertBefore(box, select);
  }

  // ── common phrases of an opinion ──
  function phrases(box) {
    box.hidden = false;
    box.addEventListener("click", function (event) {
      if (event.target.tagName !== "BUTTON") { return; }
      var field = document.getElementById(box.dataset.for);
      field.value += event.target.textContent;
      field.focus();
    });
  }

  // ── ticked rows: how many, and how much ──
  function ticked(form) {
    var output = form.querySelector("[data-ticked]");
    if (!output) { return; }
    var boxes = form.querySelectorAll('input[name="grant"]:checked'), fen = 0;
    boxes.forEach(function (box) { fen += Number(box.dataset.fen); });
    var yuan = (fen / 100).toFixed(2);
    output.textContent = boxes.length ? "已选 " + boxes.length + " 笔，" + yuan + " 元（" + capitals(yuan) + "）" : "";
  }
  document.addEventListener("change", function (event) {
    var form = event.target.closest && event.target.closest("form.ticks");
    if (!form) { return; }
    if (event.target.dataset.all) {
      form.querySelectorAll('input[name="grant"]').forEach(function (box) { box.checked = event.target.checked; });
    }
    ticked(form);
  });
  function tickAll(bar) {
    var label = document.createElement("label"), box = document.createElement("input");
    if (!bar.closest("form").querySelector('input[name="grant"]')) { return; }
    box.type = "checkbox";
    box.dataset.all = "1";
    label.className = "check";
    label.appendChild(box);
    label.appendChild(document.createTextNode(" 全选本页"));
    bar.insertBefore(label, bar.firstChild);
  }

  function prepare(root) {
    root.querySelectorAll(".phrases").forEach(phrases);
    root.querySelectorAll(".toolbar").forEach(tickAll);
    root.querySelectorAll("input[data-money]").forEach(tell);
    root.querySelectorAll(".act select").forEach(searchable);
    root.querySelectorAll("form[data-picked]").forEach(pickable);
  }

  document.addEventListener("input", function (event) {
    if (event.target.matches && event.target.matches("input[data-money]")) { tell(event.target); }
  });

  // ── a table of amounts adds up while one types ──
  function column(name) { return name.replace(/\.\d+(?=\.|$)/g, ".*"); }

  function sum(input) {
    var table = input.closest("table.rows"), name = column(input.name);
    var place = table && table.querySelector('[data-sum="' + name + '"]');
    if (!place) { return; }
    var fen = 0;
    table.querySelectorAll("input[data-money]").forEach(function (each) {
      if (column(each.name) !== name) { return; }
      fen += Math.round(Number(each.value.replace(/,/g, "") || 0) * 100);
    });
    place.textContent = isNaN(fen) ? "—" : (fen / 100).toLocaleString("en-US", { minimumFractionDigits: 2 });
  }

  document.addEventListener("input", function (event) {
    if (event.target.matches && event.target.matches("table.rows input[data-money]")) { sum(event.target); }
  });

  document.addEventListener("click", function (event) {
    if (event.target.matches && event.target.matches("[data-print]")) { window.print(); }
  });

  // ── pressed twice is pressed once ──
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.method !== "post") { return; }
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    window.setTimeout(function () { delete form.dataset.sent; }, 8000);
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-sent]").forEach(function (form) { delete form.dataset.sent; });
  });

  // ── how far long work is ──
  function follow(card) {
    var source = new EventSource("/operations/" + card.dataset.operation + "/events");
    source.onmessage = function (event) {
      var told = JSON.parse(event.data), bar = card.querySelector("progress");
      bar.max = told.of || 1;
      bar.value = told.done;
      card.querySelector("[data-told]").textContent = told.done + (told.of ? " / " + told.of : "");
      if (told.state !== "running") { source.close(); window.location.reload(); }
    };
  }
  document.querySelectorAll(".work[data-operation^='opn_']").forEach(follow);

  // ── "/" goes to the search ──
  document.addEventListener("keydown", function (event) {
    if (event.key !== "/" || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) { return; }
    var seek = document.querySelector(".seek input");
    if (seek) { event.preventDefault(); seek.focus(); }
  });

  // ── rows that are picked: how many, and all of the page at once ──
  function counted(form) {
    var boxes = form.querySelectorAll("tbody input[type=checkbox]"), told = form.querySelector("[data-count]");
    var picked = form.querySelectorAll("tbody input[type=checkbox]:checked").length;
    if (told) { told.textContent = picked ? "已选 " + picked + " 人" : "尚未选择"; }
    var all = form.querySelector("thead input");
    if (all) { all.checked = boxes.length > 0 && picked === boxes.length; all.indeterminate = picked > 0 && picked < boxes.length; }
  }

  function pickable(form) {
    var head = form.querySelector("thead .tick");
    if (!head || head.querySelector("input")) { return; }
    var all = document.createElement("input");
    all.type = "checkbox";
    all.setAttribute("aria-label", "选择本页全部");
    all.addEventListener("change", function () {
      form.querySelectorAll("tbody input[type=checkbox]").forEach(function (box) { box.checked = all.checked; });
      counted(form);
    });
    head.appendChild(all);
    counted(form);
  }

  document.addEventListener("change", function (event) {
    var form = event.target.closest && event.target.closest("form[data-picked]");
    if (form) { counted(form); }
  });

  document.addEventListener("htmx:afterSwap", function (event) { prepare(event.target); });
  prepare(document);
})();
