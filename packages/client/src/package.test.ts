// @vitest-environment node
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';

const HERE = join(import.meta.dirname, '..');
const manifest = JSON.parse(readFileSync(join(HERE, 'package.json'), 'utf8')) as {
  exports: Record<string, Record<string, string>>;
  dependencies?: object;
};

const npm = (...args: string[]) => execFileSync('npm', args, { cwd: HERE, encoding: 'utf8', stdio: 'pipe' });

beforeAll(() => void npm('run', 'build'), 120_000);

test('the package holds what was built, and neither sources nor tests', () => {
  const [packed] = JSON.parse(npm('pack', '--dry-run', '--json', '--ignore-scripts')) as [
    { files: { path: string }[] },
  ];
  const names = packed.files.map(({ path }) => path).sort();
  const built = names.filter((name) => name.startsWith('dist/'));
  expect(names.filter((name) => !built.includes(name))).toEqual(['LICENSE', 'README.md', 'package.json']);
  expect(built.filter((name) => !/\.(js|d\.ts)$/.test(name) || name.includes('.test.'))).toEqual([]);
  for (const entry of Object.values(manifest.exports))
    for (const path of Object.values(entry)) expect(names).toContain(path.replace('./', ''));
}, 60_000);

test('what was built is what is imported, and needs no other package', async () => {
  expect(manifest.dependencies).toBeUndefined();
  for (const [entry, { default: path }] of Object.entries(manifest.exports)) {
    expect(existsSync(join(HERE, path!))).toBe(true);
    const source = join(HERE, 'src', entry === '.' ? 'index.ts' : `${entry}/index.ts`);
    const [built, own] = await Promise.all([import(join(HERE, path!)), import(source)]);
    expect(Object.keys(built).sort()).toEqual(Object.keys(own).sort());
  }
});
