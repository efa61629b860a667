// SPDX-License-Identifier: BSD-2-Clause
//
// A Monday's work: by mouse, by keyboard, with two people at the same task, a session that ends in
// the middle, the back button, a double click; and once more without JavaScript.
'use strict';
const { ok, is, like, enter, logIn, run } = require('./browser.js');

const rows = 'table.tasks tbody tr:has(input[name=id])';
const notice = (person) => person.page.innerText('.notice');
const row = (address) => `table.tasks tr:has-text("${address}")`;

async function choose(person, ...addresses) {
  for (const address of addresses) await person.page.check(`${row(address)} input[name=id]`);
}

// From the list to the question whether it is to be done.
async function preview(person, way, ...addresses) {
  await person.go('/tasks?text=' + (addresses.length === 1 ? addresses[0] : 'customer'));
  await choose(person, ...addresses);
  await person.page.selectOption('#way', way);
  await person.page.fill('#note', 'she phoned');
  await person.page.click('text=Show what would be done');
}

const confirm = (person) => person.page.click('main form button.main');

async function byMouse(options) {
  const eva = await enter('eva', options);
  const how = options.javaScriptEnabled === false ? 'without JavaScript' : 'by mouse';
  like(await eva.page.innerText('h1'), /Today/, `${how}: the first page is Today`);
  await eva.page.click('main table a:has-text("Dead address")');
  ok(await eva.page.locator(rows).count() > 20, `${how}: the tasks of that kind`);

  await preview(eva, 'unblocked', 'w1@w1.customer.example', 'w2@w2.customer.example');
  like(await eva.page.innerText('main table'), /w1@w1.*block lifted.*w2@w2/s,
    `${how}: what would be done to whom`);
  await confirm(eva);
  like(await notice(eva), /2 tasks are done/, `${how}: done`);
  like(await eva.page.title(), /^2 tasks are done/, `${how}: and so says the title`);
  await eva.page.click('text=Take it back');
  like(await notice(eva), /2 tasks are open again/, `${how}: taken back`);

  await eva.go('/tasks?text=w3@w3.customer.example');
  await eva.page.click(`${row('w3@w3.customer.example')} a`);
  await eva.page.fill('#note2', 'she phoned');
  await eva.page.click('text=Write the note');
  like(await eva.page.innerText('.story'), /she phoned/, `${how}: a note is in the story`);
  await eva.page.click('text=Assign to me');
  like(await eva.page.innerText('dl.facts'), /eva/, `${how}: the task is hers`);
  await eva.page.click('text=Give back');
  await eva.page.click('dl.facts a:has-text("what came back")');
  like(await eva.page.innerText('.message'), /Reporting-MTA/, `${how}: the message that came`);

  await eva.page.fill('#find', 'w4@w4.customer.example');
  await eva.page.press('#find', 'Enter');
  like(await eva.page.innerText('main'), /w4@w4.customer\.example/, `${how}: a mail is found`);
  await eva.page.click('text=Log out');
  ok(await eva.page.locator('#password').isVisible(), `${how}: logged out`);
  is(eva.evil.join('\n'), '', `${how}: nothing else has happened`);
  await eva.context.close();
}

async function twoPeople() {
  const eva = await enter('eva');
  const tom = await enter('tom');
  await preview(eva, 'done', 'two@two.customer.example');
  await preview(tom, 'dead', 'two@two.customer.example');
  await confirm(eva);
  like(await notice(eva), /1 task is done/, 'two people: the first one has done it');
  await confirm(tom);
  like(await notice(tom), /0 tasks are done\. 1 was refused/, 'two people: the second is told');
  await tom.go('/tasks?closed=1&text=two@two.customer.example');
  await tom.page.click(`${row('two@two.customer.example')} a`);
  like(await tom.page.innerText('dl.facts'), /, eva/, 'two people: and sees who did it');
  await eva.context.close();
  await tom.context.close();
}

async function sessionEnds() {
  const eva = await enter('eva');
  await preview(eva, 'done', 'end@end.customer.example');
  await eva.context.clearCookies();
  await confirm(eva);
  ok(await eva.page.locator('#password').isVisible(), 'the session ends: she logs in again');
  await logIn(eva, 'eva');
  await eva.go('/tasks?text=end@end.customer.example');
  is(await eva.page.locator(rows).count(), 1, 'the session ends: nothing was done half');
  await eva.context.close();
}

async function backButton() {
  const eva = await enter('eva');
  await preview(eva, 'done', 'back@back.customer.example');
  await confirm(eva);
  await eva.page.goBack();
  like(await eva.page.innerText('main'), /What would be done.*refused/s,
    'back: the preview says that it is done already');
  await eva.page.goBack();
  like(await eva.page.innerText('h1'), /Tasks/, 'back: the list is there');
  is(await eva.page.locator(rows).count(), 0, 'back: and the task is no longer in it');
  await eva.page.click('text=Log out');
  await eva.page.goBack();
  ok(await eva.page.locator('#password').isVisible(), 'back: after the logout nothing is shown');
  await eva.context.close();
}

async function doubleClick() {
  const eva = await enter('eva', { javaScriptEnabled: false });
  await preview(eva, 'done', 'double@double.customer.example');
  await eva.page.dblclick('main form button.main');
  await eva.page.waitForSelector('.notice');
  like(await notice(eva), /1 task is done\.\s/, 'a double click does it once, and says so');
  await eva.go('/tasks?text=w6@w6.customer.example');
  await eva.page.click(`${row('w6@w6.customer.example')} a`);
  await eva.page.fill('#note2', 'she phoned twice');
  await eva.page.dblclick('text=Write the note');
  await eva.page.waitForSelector('.notice');
  is(await eva.page.locator('.story li:has-text("she phoned twice")').count(), 1,
    'nor is a note written twice');
  await eva.context.close();
}

const focused = (person) => person.page.evaluate(() => document.activeElement.textContent.trim());
const isFocused = (person, what) => person.page.evaluate((selector) =>
  document.activeElement.matches(selector), what);

async function tabTo(person, what) {
  for (let n = 0; n < 200 && !await isFocused(person, what); n++)
    await person.page.keyboard.press('Tab');
  return ok(await isFocused(person, what), `keys: Tab leads to ${what}`);
}

async function press(person, ...keys) {
  for (const key of keys) await person.page.keyboard.press(key);
}

// The focus can be seen: it has an outline, and nothing that is sticky lies on it.
const isSeen = (person) => person.page.evaluate(() => {
  const link = document.activeElement;
  const isFree = (box) => link.contains(document.elementFromPoint(box.left + box.width / 2,
    box.top + box.height / 2));
  return getComputedStyle(link).outlineStyle === 'solid' &&
    [...link.querySelector('.address').getClientRects()].every(isFree);
});

// Nothing lies on what has the focus.
const isFree = (person) => person.page.evaluate(() => {
  const box = document.activeElement.getBoundingClientRect();
  const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  return document.activeElement.contains(top);
});

// Taken to two tasks and back to the first, chosen, shown, done, and taken back.
async function byKeys() {
  const eva = await enter('eva');
  await eva.go('/tasks?text=keys');
  const links = await eva.page.locator('.tasks tbody th .address').allInnerTexts();
  const chosen = () => eva.page.locator('input[name=id]:checked').count();
  await press(eva, 'j', 'j');
  like(await focused(eva), new RegExp(`^${links[1]}`), 'keys: j goes to the next task');
  await press(eva, 'x', 'k');
  like(await focused(eva), new RegExp(`^${links[0]}`), 'keys: k goes to the previous one');
  await press(eva, 'x');
  is(await chosen(), 2, 'keys: x chooses');
  await press(eva, 'x', 'x', 'k');
  is(await chosen(), 2, 'keys: twice is as before');
  like(await focused(eva), new RegExp(`^${links[0]}`), 'keys: above the first one is none');

  await tabTo(eva, '#way');
  await eva.page.keyboard.type('it w');
  await tabTo(eva, '#note');
  await eva.page.keyboard.type('jkx/?');
  is(await eva.page.inputValue('#note'), 'jkx/?', 'keys: in a field they are letters');
  await press(eva, 'Enter');
  await eva.page.waitForURL('**/tasks/preview?*');
  like(await eva.page.innerText('main table'), /block lifted.*block lifted/s, 'keys: the preview');
  await tabTo(eva, 'main form button.main');
  await press(eva, 'Enter');
  await eva.page.waitForURL('**/tasks?text=keys');
  like(await notice(eva), /2 tasks are done/, 'keys: done');
  await tabTo(eva, '.notice button');
  await press(eva, 'Enter');
  await eva.page.waitForSelector('.notice:has-text("2 tasks are open again")');

  await press(eva, 'j', 'Enter');
  await eva.page.waitForURL('**/task?id=*');
  ok(true, 'keys: Enter opens a task');
  await eva.page.setViewportSize({ width: 1280, height: 500 });
  await eva.go('/tasks');
  for (let n = 0; n < 30; n++) {
    await press(eva, 'j');
    if (!await isSeen(eva)) ok(false, `keys: the focus is seen in row ${n}`);
  }
  ok(await isSeen(eva), 'keys: the focus is seen in every row');
  await eva.page.focus('.tasks input[name=id]');
  for (let n = 0; n < 60; n++) {
    await press(eva, 'Tab');
    if (!await isFree(eva)) ok(false, `keys: what has the focus is seen, Tab ${n}`);
  }
  ok(await isFree(eva), 'keys: whatever Tab leads to is seen');
  await press(eva, '/');
  ok(await isFocused(eva, '#text'), 'keys: / searches');
  is(eva.evil.join('\n'), '', 'keys: nothing else has happened');
  await eva.context.close();
}

// Help, and the switch that somebody needs who speaks to the computer (WCAG 2.2, 2.1.4).
async function keysOff() {
  const eva = await enter('eva');
  const isOpen = () => eva.page.locator('#keys').isVisible();
  await eva.go('/tasks?text=keys');
  ok(!await isOpen(), 'help of the keys: not there unasked');
  await press(eva, 'j', '?');
  like(await eva.page.innerText('#keys'), /to the next task/, 'help of the keys: ? shows it');
  await tabTo(eva, '#use-keys');
  await press(eva, 'Space', 'Escape');
  ok(!await isOpen(), 'help of the keys: Escape closes it');
  const before = await focused(eva);
  await press(eva, 'j', 'x', '?', '/');
  is(await focused(eva), before, 'single keys off: they do nothing');
  await eva.page.reload();
  await press(eva, 'j', '?');
  ok(!await isFocused(eva, '.tasks a') && !await isOpen(), 'single keys off: after a reload too');
  await tabTo(eva, '#show-keys');
  await press(eva, 'Enter');
  await tabTo(eva, '#use-keys');
  await press(eva, 'Space');
  await tabTo(eva, '#hide-keys');
  await press(eva, 'Enter', 'j');
  ok(await isFocused(eva, '.tasks a'), 'single keys on again: by the button');
  is(eva.evil.join('\n'), '', 'help of the keys: nothing else has happened');
  await eva.context.close();

  const without = await enter('eva', { javaScriptEnabled: false });
  await without.go('/tasks?text=keys');
  ok(!await without.page.locator('#show-keys').isVisible(), 'no JavaScript: no key is promised');
  await without.context.close();
}

// The preview of an act that is no task's: loaded anew, sent, gone back to.
async function oneAct() {
  const eva = await enter('eva', { javaScriptEnabled: false });
  await eva.go('/address?address=w5@w5.customer.example');
  await eva.page.fill('#why', 'she phoned');
  await eva.page.click('form:has(input[value=lift]) button');
  await eva.page.waitForURL(/\/act\/preview\?/);
  await eva.page.reload();
  like(await eva.page.innerText('h1'), /Lift the block/, 'an act: its preview can be loaded anew');
  await eva.page.click('main form button.main');
  like(await notice(eva), /The block is lifted/, 'an act: it is done');
  await eva.page.goBack();
  like(await eva.page.innerText('main'), /There is nothing to do/,
    'an act: back, the preview says that it is done');
  await eva.context.close();
}

run(() => byMouse({}), () => byMouse({ javaScriptEnabled: false }), byKeys, keysOff, twoPeople,
  sessionEnds, backButton, doubleClick, oneAct);
