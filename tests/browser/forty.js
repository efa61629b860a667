// SPDX-License-Identifier: BSD-2-Clause
//
// A Monday of forty tasks, done by what the pages say and nothing else: from Today to each kind, to
// the task, to the first way that is offered and needs nothing that is not there; what would be
// done, and done. What a clerk may not decide says so, and an operator does it.
'use strict';
const { ok, is, like, enter, run } = require('./browser.js');

const firstLine = (text) => text.split('\n')[0];

// The first way that can be taken: one that needs an address only where one is there.
async function chooseWay(page) {
  for (const way of await page.locator('p.way').all()) {
    const address = way.locator('input[name=address]');
    if (await address.count() > 0 && await address.inputValue() === '') continue;
    await way.locator('input[type=radio]').check();
    return firstLine((await way.locator('label').first().innerText()).trim());
  }
  return '';
}

// A process that is paused has no way but to let it send again.
async function resume(page, about) {
  await page.fill('form.act #resume_why', 'the list was cleaned');
  await page.click('form.act:has(#resume_why) button.main');
  await page.click('main form button.main');
  like(await page.innerText('.notice'), /The process sends again/, `${about}: it sends again`);
  return 'resume';
}

// The task that is open on the page: how it was done; '' where this person may not.
async function decide(person, about) {
  const { page } = person;
  if (await page.locator('form.act input[value=resume]').count() > 0) return resume(page, about);
  const way = await chooseWay(page);
  if (way === '') {
    like(await page.innerText('main'), /an operator may/, `${about}: says who may decide`);
    return '';
  }
  await page.fill('#note', 'as seen on Monday');
  await page.click('text=Show what would be done');
  like(await page.innerText('main'), /Nothing has been done yet/, `${about}: ${way}, shown first`);
  ok(!/refused/.test(await page.innerText('main table')), `${about}: ${way} is possible`);
  await page.click('main form button.main');
  like(await page.innerText('.notice'), /1 task is done/, `${about}: ${way}, done`);
  return way;
}

// All that this person may decide: { kind: how many }.
async function work(name) {
  const person = await enter(name);
  const done = {};
  const left = new Set();
  for (let n = 0; n < 100; n++) {
    await person.go('/tasks?order=age');
    const rows = await person.page.locator('.tasks tbody tr:has(input[name=id])').all();
    let row = null;
    for (const one of rows)
      if (!row && !left.has(await one.locator('input[name=id]').inputValue())) row = one;
    if (!row) break;
    const id = await row.locator('input[name=id]').inputValue();
    const kind = firstLine(await row.locator('th .kind').innerText());
    await row.locator('th a').click();
    const way = await decide(person, `${name}, task ${id}, ${kind}`);
    if (way === '') left.add(id);
    else done[kind.split(' · ')[0]] = (done[kind.split(' · ')[0]] || 0) + 1;
  }
  is(person.evil.join('\n'), '', `${name}: nothing else has happened`);
  await person.context.close();
  return { done, left: left.size };
}

const sum = (done) => Object.values(done).reduce((a, b) => a + b, 0);

async function monday() {
  const eva = await work('eva');
  ok(sum(eva.done) >= 35, `a clerk has done ${sum(eva.done)}: ${JSON.stringify(eva.done)}`);
  const tom = await work('tom');
  is(tom.left, 0, 'an operator has done the rest');
  ok(sum(eva.done) + sum(tom.done) >= 40, `together ${sum(eva.done) + sum(tom.done)}: ` +
    JSON.stringify(tom.done));
  const person = await enter('eva');
  like(await person.page.innerText('main'), /No task is open/, 'and Today says so');
  await person.page.click('nav >> text=Letters');
  await person.page.click('main table a');
  await person.page.selectOption('#reason', 'mailbox_full');
  await person.page.fill('form:has(#reason) input[name=why]', 'he writes that it is full');
  await person.page.click('form:has(#reason) button.main');
  await person.page.click('main form button.main');
  like(await person.page.innerText('.notice'), /The verdict is set right/, 'a letter is judged');
  await person.context.close();
}

run(monday);
