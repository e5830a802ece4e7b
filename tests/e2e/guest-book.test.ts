import bs58 from 'bs58';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Browser } from './harness/browser';
import { chromium } from './harness/chromium';
import { firefox } from './harness/firefox';
import { GuestBook } from './harness/guest-book';
import { Mixnet } from './harness/mixnet';
import { allow, isAsked, refuse } from './harness/site';
import { until } from './harness/until';
import { User } from './harness/user';

/** What is in the address of the page. */
const PAGE = '/guest-book/page/';

const byTestId = (name: string) => `[data-testid="${name}"]`;

for (const kind of [chromium, firefox])
  describe(`the guest book in ${kind.name}`, () => {
    let mixnet: Mixnet;
    let book: GuestBook;
    let visitor: User;
    let browser: Browser;

    beforeAll(async () => {
      mixnet = await Mixnet.start();
      [book, visitor] = await Promise.all([
        GuestBook.start(mixnet.directory),
        User.start(kind, mixnet.directory),
      ]);
      browser = visitor.browser;
    });
    afterAll(async () => {
      await Promise.allSettled([visitor?.leave(), book?.stop()]);
      await mixnet?.stop();
    });

    const untilStage = (stage: string) =>
      browser.until(
        `the page to be ${stage}`,
        `document.querySelector('${byTestId('status')}')?.dataset.state === '${stage}'`,
      );
    const untilOwn = (index: number, state: string) =>
      browser.until<string>(
        `entry ${index} to be ${state}`,
        `(([...document.querySelectorAll('${byTestId('own')} li')][${index}]?.dataset.state === '${state}') && document.querySelectorAll('${byTestId('own')} li')[${index}].textContent)`,
      );
    const write = async (words: string) => {
      await browser.type(byTestId('text'), words);
      await browser.click(byTestId('send'));
    };

    test('somebody who said yes writes in it, is thanked, and reads what the owner answers', async () => {
      await browser.visit(book.url);
      await untilStage('notConnected');
      expect(await isAsked(browser)).toBe(false);
      await browser.click(byTestId('connect'));
      await allow(browser, PAGE);
      await untilStage('connected');
      await write('Hello, whoever you are 🐢');
      expect(await book.untilPrinted('#1 ')).toBe('#1 Hello, whoever you are 🐢');
      await untilOwn(0, 'inTheBook');
      await browser.until(
        'the entry in the book',
        `document.querySelector('${byTestId('book')}').textContent.includes('Hello, whoever you are')`,
      );
      book.enter('answer 1 Thank <b>you</b>, whoever you are');
      expect(await untilOwn(0, 'answered')).toContain('Thank <b>you</b>, whoever you are');
    });

    test('an answer that comes while the page is closed is there when it opens again, and nobody is asked', async () => {
      await write('Until later');
      await untilOwn(0, 'inTheBook');
      const clients = async () => (await mixnet.gatewayCounts()).clients;
      const before = await clients();
      await browser.visit('about:blank');
      await until('the site to be disconnected', async () => (await clients()) === before - 1);
      book.enter('answer 2 Welcome back');
      await book.untilPrinted('#2 answered');
      await browser.visit(book.url);
      await untilStage('connected');
      expect(await untilOwn(0, 'answered')).toContain('Welcome back');
      expect(await isAsked(browser)).toBe(false);
    });

    test('the plain page of the same origin may the same, and gets what it sends to itself', async () => {
      await browser.visit(book.url.replace(PAGE, '/plain-page/'));
      await browser.click('#connect');
      const own = await browser.until<string>(
        'the own address',
        `/@/.test(document.querySelector('#own').textContent) && document.querySelector('#own').textContent`,
      );
      await browser.paste('[name="to"]', own);
      await browser.type('[name="text"]', 'Note to self');
      await browser.click('#form button');
      await browser.until(
        'the message',
        `document.querySelector('#received').textContent.includes('Note to self')`,
      );
      await browser.until('its state', `document.querySelector('#state').textContent === 'atGateway'`);
      expect(await isAsked(browser)).toBe(false);
      // Of this identity, whose words it keeps, the service knows neither name nor key.
      expect(await book.keeps(Buffer.from('Hello, whoever you are'))).toBe(true);
      for (const part of own.split(/[.@]/).slice(0, 2)) {
        expect(await book.keeps(Buffer.from(part))).toBe(false);
        expect(await book.keeps(bs58.decode(part))).toBe(false);
      }
    });

    test('to another origin with the same page nothing was allowed, and a no is taken', async () => {
      await browser.visit(book.url.replace('localhost', '127.0.0.1'));
      await untilStage('notConnected');
      await browser.click(byTestId('connect'));
      await refuse(browser, PAGE);
      await untilStage('notConnected');
      await browser.until(
        'the reason',
        `document.querySelector('${byTestId('status')}').textContent.includes('You said no, and that is fine')`,
      );
      // Asking again at once asks nobody.
      await browser.click(byTestId('connect'));
      await browser.until(
        'the other reason',
        `document.querySelector('${byTestId('status')}').textContent.includes('a short time ago')`,
      );
      expect(await isAsked(browser)).toBe(false);
    });
  });
