// SPDX-License-Identifier: BSD-2-Clause
//
// make screenshots: pictures of pages of the console, of the demo's own data, into the folder that
// PICTURES names. In light and dark, on a desk and on a phone; they are for the README.
'use strict';
const { data, enter, ok, run } = require('./browser.js');

const folder = process.env.PICTURES;
const desk = { viewport: { width: 1120, height: 660 } };
const phone = { viewport: { width: 390, height: 760 }, isMobile: true, hasTouch: true };
const pictures = [
  { name: 'today', path: '/', ...desk, colorScheme: 'light' },
  { name: 'tasks', path: '/tasks', ...desk, colorScheme: 'light' },
  { name: 'task-dark', path: `/task?id=${data.task}`, ...desk, colorScheme: 'dark' },
  { name: 'letter', path: `/bounce?id=${data.letter}`, ...desk, colorScheme: 'light' },
  { name: 'tasks-phone', path: '/tasks', ...phone, colorScheme: 'dark', from: '.tasks' },
];

async function take({ name, path, from, ...options }) {
  const person = await enter('eva', options);
  await person.go(path);
  if (from) await person.page.$eval(from, (element) => element.scrollIntoView());
  await person.page.screenshot({ path: `${folder}/${name}.png` });
  await person.context.close();
  ok(true, `${name}.png`);
}

run(async () => {
  for (const picture of pictures) await take(picture);
});
