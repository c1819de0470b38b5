// Looks at a status page with a real browser, as people do: on a phone and on a desk, in the light and in the dark, with script and without. Prints one line of JSON.
//   node browser.mjs ADDRESS FOLDER NAME PASSWORD
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const [address, folder, name, password] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
const axe = readFileSync(new URL('./node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const problems = [];
const texts = {};

// What a person with weak eyes needs (WCAG AA): 4.5 to 1 for text.
const contrast = () => {
  const channel = value => { const share = value / 255; return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4; };
  const parse = colour => { const parts = colour.match(/[\d.]+/g).map(Number); return { rgb: parts.slice(0, 3), alpha: parts[3] ?? 1 }; };
  const light = rgb => 0.2126 * channel(rgb[0]) + 0.7152 * channel(rgb[1]) + 0.0722 * channel(rgb[2]);
  const bad = [];
  for (const element of document.querySelectorAll('body *')) {
    if (![...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim()) || element.closest('svg') || !element.checkVisibility()) continue;
    let behind = element;
    while (behind && parse(getComputedStyle(behind).backgroundColor).alpha === 0) behind = behind.parentElement;
    const [one, other] = [light(parse(getComputedStyle(element).color).rgb), light(parse(getComputedStyle(behind ?? document.body).backgroundColor).rgb)];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) bad.push(`${element.tagName}.${element.className} ${ratio.toFixed(2)}: ${element.textContent.slice(0, 40)}`);
  }
  return bad;
};

// All of WCAG 2.2 AA that a program can check.
const checkAccess = async (page, title) => {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  for (const violation of violations) problems.push(`${title}: ${violation.id}: ${violation.help}: ${violation.nodes.map(node => node.html).slice(0, 3).join(' ')}`);
};

for (const [device, viewport] of [['phone', { width: 360, height: 740 }], ['desk', { width: 1280, height: 900 }]]) {
  for (const colorScheme of ['light', 'dark']) {
    for (const javaScriptEnabled of [true, false]) {
      const context = await browser.newContext({ viewport, colorScheme, javaScriptEnabled });
      const page = await context.newPage();
      const title = `${device}-${colorScheme}-${javaScriptEnabled ? 'script' : 'plain'}`;
      page.on('console', message => message.type() === 'error' && !message.location().url.endsWith('/favicon.ico') && problems.push(`${title}: ${message.text()}`));
      page.on('dialog', dialog => { problems.push(`${title}: a dialog says ${dialog.message()}`); dialog.dismiss(); });
      for (const path of ['', 'history.html', 'incidents/1.html', 'reports.html', 'subscribe', 'operator/login']) {
        await page.goto(`${address}/${path}`);
        const overflow = await page.locator('html').evaluate(root => root.scrollWidth - root.clientWidth);
        if (overflow > 0) problems.push(`${title}: /${path} is ${overflow} pixels too wide`);
        for (const bad of await page.evaluate(contrast)) problems.push(`${title}: /${path}: ${bad}`);
        if (javaScriptEnabled) await checkAccess(page, `${title}: /${path}`);
        if (path === '') {
          texts[title] = (await page.locator('main').innerText()).replace(/\d+/g, '#');
          await page.screenshot({ path: `${folder}/${title}.png`, fullPage: true });
        }
      }

      await context.close();
    }
  }
}

// The operator's flows, without script, by the labels that a screen reader says.
const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 360, height: 740 } });
const page = await context.newPage();
await page.goto(`${address}/operator`);
await page.getByLabel('Name').fill(name);
await page.getByLabel('Password').fill(password);
await page.getByRole('button', { name: 'Log in' }).click();
await page.getByText('Schedule a maintenance').click();
const plan = page.locator('form[action="/operator/maintenances"]');
await plan.getByLabel('Title').fill('New disks');
await plan.getByLabel('Begins').fill('2030-01-01T10:00');
await plan.getByLabel('Ends').fill('2030-01-01T11:00');
await plan.getByLabel('MQTT').check();
await plan.getByLabel('What is done').fill('We replace them.');
await plan.getByRole('button').click();
await page.getByText('The maintenance is scheduled.').waitFor();
await page.getByRole('link', { name: 'not acknowledged' }).first().click();
await page.getByRole('button', { name: 'Confirm' }).click();
await page.getByText('Done.').waitFor();
await page.screenshot({ path: `${folder}/operator.png`, fullPage: true });

// The operator's pages with script, only so that they can be checked; as who is logged in above.
const checking = await browser.newContext({ storageState: await context.storageState(), viewport: { width: 1280, height: 900 }, colorScheme: 'dark' });
const desk = await checking.newPage();
for (const path of ['operator', 'operator/incidents/1', 'operator/subscribers', 'operator/audit']) {
  await desk.goto(`${address}/${path}`);
  await checkAccess(desk, `/${path}`);
  await desk.screenshot({ path: `${folder}/${path.replaceAll('/', '-')}-dark.png`, fullPage: true });
}

await page.goto(address);
texts.after = await page.locator('main').innerText();
await browser.close();
console.log(JSON.stringify({ problems, texts }));
