// SPDX-License-Identifier: BSD-2-Clause
//
// Every page that links lead to, as each kind of person: it answers, runs nothing of a stranger,
// asks no other host, and axe-core finds nothing; as a clerk and as an administrator in the light
// and in the dark, on a phone and at 200 %, where nothing has to be scrolled sideways. In German
// and French, and without JavaScript, each page once more, with what strangers wrote on it.
'use strict';
const fs = require('fs');
const { base, data, ok, is, enter, run } = require('./browser.js');

const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const OF_A_KIND = 2;      // pages that differ only in the values of their query
const HOSTILE = 3;        // more of them, that a stranger's words lead to
const isHostile = (text) => /<script|evil/.test(text);

// The path and the names of its parameters: pages of a kind.
function kindOf(url) {
  return url.pathname + ' ' + [...url.searchParams.keys()].sort().join(' ');
}

async function findings(page, options) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate((o) => window.axe.run(document, o), options);
  return violations.map((v) => `${v.id}: ` + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200) +
    ' ' + n.any.map((a) => a.message).join('; ')).join(' | ')).join('\n');
}

// What is wider than the window.
async function sideways(page) {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return '';
    const wide = [...document.querySelectorAll('body *')].filter((element) => {
      const box = element.getBoundingClientRect();
      return box.right > width + 1 && !element.parentElement.closest('.scroll, pre, .quiet');
    });
    return `${document.documentElement.scrollWidth} > ${width}: ` + wide.slice(0, 5)
      .map((e) => e.outerHTML.slice(0, 120)).join(' | ');
  });
}

// Which pages had the words of a stranger.
const attacked = new Set();

async function note(page) {
  if (/evil/.test(await page.content())) attacked.add(new URL(page.url()).pathname);
}

async function look(person, where, isWhole = true) {
  const { page } = person;
  await note(page);
  is(await findings(page, { runOnly: RULES, rules: { 'target-size': { enabled: true } } }), '',
    `${where}: axe-core finds nothing`);
  if (!isWhole) return;
  await page.emulateMedia({ colorScheme: 'dark' });
  is(await findings(page, { runOnly: { type: 'rule', values: ['color-contrast'] } }), '',
    `${where}: nor in the dark`);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 390, height: 844 });
  is(await sideways(page), '', `${where}: fits a phone`);
  is(await findings(page, { runOnly: { type: 'rule', values: ['target-size', 'color-contrast'] } }),
    '', `${where}: and can be touched there`);
  await page.setViewportSize({ width: 640, height: 400 });
  is(await sideways(page), '', `${where}: fits at 200 %`);
  await page.setViewportSize({ width: 1280, height: 800 });
}

async function linksOf(page) {
  return page.$$eval('a[href]', (links) => links.map((link) => ({ href: link.href,
    text: link.textContent })));
}

// Follows links until there is none that leads to another kind of page.
async function visitAll(person, ofAKind, each) {
  const seen = new Set();
  const count = new Map();
  const waiting = [{ href: base + '/', hostile: false }];
  while (waiting.length > 0) {
    const { href, hostile } = waiting.shift();
    const url = new URL(href);
    const kind = kindOf(url) + (hostile ? ' hostile' : '');
    url.hash = '';
    if (seen.has(url.href) || (count.get(kind) || 0) >= (hostile ? HOSTILE : ofAKind)) continue;
    seen.add(url.href);
    count.set(kind, (count.get(kind) || 0) + 1);
    const response = await person.page.goto(url.href).catch((error) => error);
    if (/Download/.test(response.message)) continue; // a table to be kept
    const where = url.pathname + decodeURIComponent(url.search).slice(0, 60);
    is(response.status && response.status(), 200, `${where}: is there`);
    await each(where);
    const isOfOne = hostile && /^\/(?:task|mail|bounce|address)$/.test(url.pathname);
    for (const link of await linksOf(person.page))
      if (link.href.startsWith(base + '/'))
        waiting.push({ href: link.href, hostile: isHostile(link.text) ||
          (isOfOne && new URL(link.href).searchParams.size > 0) });
      else person.evil.push(`a link to ${link.href}`);
  }
  return [...new Set([...seen].map((href) => new URL(href).pathname))].sort();
}

async function asEverybody() {
  for (const name of data.people) {
    const person = await enter(name);
    const paths = await visitAll(person, name === 'eva' ? OF_A_KIND : 1,
      (where) => look(person, `${name} ${where}`, ['eva', 'max'].includes(name)));
    for (const path of ['/', '/tasks', '/task', '/mail', '/bounce', '/address', '/documents',
      '/queue', '/figures'])
      ok(paths.includes(path), `${name}: a link leads to ${path}`, paths.join(' '));
    is(person.evil.join('\n'), '', `${name}: nothing of a stranger has run`);
    await person.context.close();
  }
  for (const path of ['/', '/tasks', '/task', '/mail', '/bounce', '/address', '/documents',
    '/letters', '/blocks', '/queue', '/processes', '/process', '/shadow'])
    ok(attacked.has(path), `strangers have written on ${path}`);
}

// As an administrator, who sees every page.
async function inAllLanguages() {
  for (const locale of ['de-CH', 'fr-FR']) {
    const person = await enter('max', { locale });
    await visitAll(person, 1, async (where) => {
      is(await person.page.getAttribute('html', 'lang'), locale.slice(0, 2), `${locale} ${where}`);
      await look(person, `${locale} ${where}`);
    });
    is(person.evil.join('\n'), '', `${locale}: nothing of a stranger has run`);
    await person.context.close();
  }
}

async function withoutJavaScript() {
  const person = await enter('max', { javaScriptEnabled: false, colorScheme: 'dark' });
  await visitAll(person, 1, async (where) => {
    ok(await person.page.locator('h1').isVisible(), `no JavaScript, ${where}: can be read`);
    is(await person.page.locator('img, script:not([src]), iframe, object, style').count(), 0,
      `no JavaScript, ${where}: no markup of a stranger`);
  });
  is(person.evil.join('\n'), '', 'no JavaScript: no other host is asked');
  await person.context.close();
}

// Pages that no link leads to: before the login, and what is not there.
async function outside() {
  const person = await enter('eva');
  for (const path of ['/nothing', '/task?id=999999999', '/task', '/search?text=nothing',
    '/search?text=%3Cscript%3Ealert(1)%3C/script%3E', '/tasks?text=' + 'x'.repeat(9000)]) {
    await person.go(path);
    await look(person, path.slice(0, 60));
  }
  await person.go('/tasks');
  await person.page.keyboard.press('?');
  await look(person, 'the help of the keys');
  await person.go('/tasks?text=evil');
  for (const box of await person.page.locator('input[name=id]').all()) await box.check();
  await person.page.selectOption('#way', 'dead');
  await person.page.fill('#note', '<script>document.title="evil"</script>');
  await person.page.click('text=Show what would be done');
  await look(person, 'a preview');
  await person.go('/blocks');
  await person.go(`/act/preview?act=block&address=evil@x.example&why=${encodeURIComponent(
    '<script>document.title="evil"</script>')}`);
  await look(person, 'a preview of an act');
  await person.page.click('.leave button');
  await look(person, 'the login');
  is(person.evil.filter((e) => !/status of 404/.test(e)).join('\n'), '',
    'outside: nothing of a stranger has run');
}

run(asEverybody, inAllLanguages, withoutJavaScript, outside);
