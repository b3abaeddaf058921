#!/usr/bin/env python3
"""Writes what programs that die in different ways leave on stderr, as python3 of this machine prints it.

Each program below becomes NAME.txt beside this file; the folder in which it ran is called /app in it. The texts are
kept, since another Python prints other frames: run this only to add one.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
HELPERS = '''
def raises(depth, error):
    if depth == 0:
        raise error
    deeper(depth, error)

def deeper(depth, error):
    return raises(depth - 1, error)

def caught(depth, error):
    try:
        raises(depth, error)
    except Exception as caught:
        return caught
'''
PROGRAMS = {
    "plain": "prices = {}\ndef total(item):\n    return prices[item] * 2\nprint(total('price'))\n",
    "deep": "raises(60, ValueError('rows are missing'))\n",
    "recursion": "def down(n):\n    return down(n + 1)\ndown(0)\n",
    "cause": """
try:
    raises(1, ConnectionRefusedError('db:5432'))
except OSError as error:
    raise RuntimeError('the warehouse cannot be read') from error
""",
    "context": """
try:
    raises(1, KeyError('price'))
except KeyError:
    print(undefined)
""",
    "deep_chain": """
def layer(n):
    if n == 0:
        raises(12, ConnectionRefusedError('db:5432'))
    try:
        layer(n - 1)
    except Exception as error:
        raise RuntimeError(f'layer {n} failed') from error
layer(6)
""",
    "long_chain": """
def layer(n):
    if n == 0:
        raise ConnectionRefusedError('db:5432')
    try:
        layer(n - 1)
    except Exception as error:
        raise RuntimeError(f'layer {n} failed') from error
layer(80)
""",
    "group": """
raise ExceptionGroup('two shards failed', [caught(1, ValueError('shard 1')), TypeError('shard 2')])
""",
    "nested_group": """
inner = caught(1, ExceptionGroup('of shard 1', [caught(1, ValueError('rows')), KeyError('price')]))
try:
    raises(1, OSError('disk full'))
except OSError as error:
    raise ExceptionGroup('shards failed', [inner, caught(2, TypeError('shard 2'))]) from error
""",
    "large_group": """
raise ExceptionGroup('many shards failed', [caught(8, ValueError(f'shard {n}')) for n in range(20)])
""",
    "many_lines": """
raise ValueError('2 validation errors\\nname\\n  field required\\nprice\\n  not a number')
""",
    "endless_message": "raises(3, ValueError('bad row: ' + 'x' * 10_000))\n",
    "lines_without_end": "raises(3, ValueError('\\n'.join(f'row {n} is bad: ' + 'x' * 30 for n in range(400))))\n",
    "notes": """
error = ValueError('no rows')
error.add_note('while reading dwh.orders')
raise error
""",
    "syntax": "exec(compile('def f(:\\n    pass\\n', '/app/generated.py', 'exec'))\n",
    "task_group": "import asyncio\nasync def main():\n    async with asyncio.TaskGroup() as group:\n"
    "        group.create_task(fails(1))\n        group.create_task(fails(2))\n"
    "async def fails(n):\n    raise LookupError(f'task {n}')\nasyncio.run(main())\n",
    "thread": "import threading\nthreading.Thread(target=raises, args=(1, ValueError('in a thread')), name='reader').start()\n",
    "pool": """
import concurrent.futures
if __name__ == '__main__':
    with concurrent.futures.ProcessPoolExecutor(1) as pool:
        pool.submit(raises, 1, ValueError('in a worker')).result()
""",
    "logged": """
import logging
logging.basicConfig(format='%(levelname)s: %(message)s', level='INFO')
for n in range(200):
    logging.info('read part %d of dwh.orders', n)
try:
    raises(1, TimeoutError('part 17'))
except TimeoutError:
    logging.exception('part 17 is tried again')
for n in range(50):
    logging.info('read part %d of dwh.orders again', n)
try:
    raises(2, ValueError('part 17 has no rows'))
except ValueError:
    logging.exception('giving up')
logging.info('closing the connection')
logging.info('===== summary: 1 task failed =====')
""",
    "logged_and_buried": """
import logging
logging.basicConfig(format='%(levelname)s: %(message)s', level='INFO')
try:
    raises(2, ValueError('part 17 has no rows'))
except ValueError:
    logging.exception('giving up')
for n in range(300):
    logging.info('cleaning up part %d of dwh.orders', n)
logging.error('the run ends with 1 failed task')
""",
    "wide": "raises(3, ValueError('値段がありません: ' + '価格' * 900))\n",
    "message_only": "import sys\nsys.exit('no rows in dwh.orders')\n",
    "interrupted": "raises(1, KeyboardInterrupt())\n",
}


def main():
    with tempfile.TemporaryDirectory() as folder:
        for name, program in PROGRAMS.items():
            path = Path(folder, "main.py")
            path.write_text(HELPERS + program, encoding="utf-8")
            ended = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=False)
            text = ended.stderr.replace(folder, "/app").replace(sys.prefix + "/lib", "/usr/lib")
            HERE.joinpath(f"{name}.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
