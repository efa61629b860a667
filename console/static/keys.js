// SPDX-License-Identifier: BSD-2-Clause
//
// Keys for the list of tasks: j and k go to the next and the previous task, x chooses it, / goes to
// the field that searches, ? shows the help. Enter is the browser's own: the focus is on the link
// of the task. Without this script the page does all of it by other ways. Single keys can be
// switched off (WCAG 2.2, 2.1.4), which this browser then remembers.
'use strict';
(() => {
  const STORE = 'bounce-console-keys';
  const help = document.getElementById('keys');
  const button = document.getElementById('show-keys');
  const use = document.getElementById('use-keys');
  const links = [...document.querySelectorAll('.tasks tbody th a')];

  // A browser may keep nothing for us: then the switch holds for this page.
  function recall() {
    try { return localStorage.getItem(STORE) !== 'off'; } catch { return true; }
  }

  function remember() {
    try { localStorage.setItem(STORE, use.checked ? 'on' : 'off'); } catch { /* as above */ }
  }

  const rowOf = (element) => element && element.closest('.tasks tbody tr');

  function go(step) {
    const row = rowOf(document.activeElement);
    const at = links.findIndex((link) => rowOf(link) === row);
    const link = links[at < 0 ? 0 : at + step];
    if (link) link.focus();
  }

  function choose() {
    const row = rowOf(document.activeElement);
    const box = row && row.querySelector('input[name=id]');
    if (box) box.click();
  }

  const acts = {
    j: () => go(1),
    k: () => go(-1),
    x: choose,
    '/': () => document.getElementById('text').focus(),
    '?': () => help.showModal(),
  };

  const isWriting = (element) => element.matches('input:not([type=checkbox]), select, textarea');

  document.addEventListener('keydown', (event) => {
    const act = Object.hasOwn(acts, event.key) && acts[event.key];
    if (!act || !use.checked || help.open || event.ctrlKey || event.altKey || event.metaKey ||
        isWriting(event.target)) return;
    event.preventDefault();
    act();
  });
  use.checked = recall();
  use.addEventListener('change', remember);
  button.addEventListener('click', acts['?']);
  document.getElementById('hide-keys').addEventListener('click', () => help.close());
  button.hidden = false;
})();
