// SPDX-License-Identifier: BSD-2-Clause
//
// Chromium for the tests: a visitor who logs in, and what must never happen to him: a script of a
// stranger that runs, a request to another host, something that the Content-Security-Policy had to
// stop. Results go to console.t, a line of JSON each.
'use strict';
const fs = require('fs');
const { chromium } = require('playwright-core');

const base = process.env.CONSOLE_BASE;
let browser;

function ok(isGood, name, detail = '') {
  const row = { ok: Boolean(isGood), name, detail: String(detail) };
  process.stdout.write(JSON.stringify(row) + '\n');
  return isGood;
}

function is(got, expected, name) {
  return ok(got === expected, name, `got ${JSON.stringify(got)}, not ${JSON.stringify(expected)}`);
}

function like(text, pattern, name) {
  return ok(pattern.test(text), name, `${pattern} is not in: ${String(text).slice(0, 1000)}`);
}

// What no page may do, whatever a stranger wrote.
async function watch(context, evil) {
  context.on('request', (request) => {
    if (!request.url().startsWith(base + '/')) evil.push(`a request to ${request.url()}`);
  });
  context.on('dialog', (dialog) => {
    evil.push(`a dialog: ${dialog.message()}`);
    dialog.dismiss().catch(() => {});
  });
  context.on('weberror', (error) => evil.push(`an error in a script: ${error.error()}`));
  context.on('console', (message) => {
    if (message.type() === 'error' && !/status of (?:40[13]|422)/.test(message.text()))
      evil.push(`the browser says: ${message.text()}`);
  });
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
}

// A visitor with cookies of his own; evil collects what happened to him.
async function visitor(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 },
    locale: 'en', ...options });
  const evil = [];
  await watch(context, evil);
  const page = await context.newPage();
  page.setDefaultTimeout(30000);
  return { context, page, evil, go: (path) => page.goto(base + path) };
}

async function logIn(person, name) {
  await person.page.fill('#name', name);
  await person.page.fill('#password', `${name}-secret`);
  await person.page.click('main button.main');
}

async function enter(name, options) {
  const person = await visitor(options);
  await person.go('/login');
  await logIn(person, name);
  return person;
}

// Runs the parts one after the other, and ends the browser however they end.
async function run(...parts) {
  try {
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium-headless-shell',
      args: process.getuid() === 0 ? ['--no-sandbox'] : [] });
    for (const part of parts) await part();
  } catch (error) {
    ok(false, 'the test ran to its end', error.stack);
    process.exitCode = 1;
  } finally {
    if (browser) await browser.close();
  }
}

const data = JSON.parse(fs.readFileSync(process.env.CONSOLE_DATA, 'utf8'));

module.exports = { base, data, ok, is, like, visitor, enter, logIn, run };
