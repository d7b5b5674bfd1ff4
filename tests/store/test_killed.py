"""A writer that is killed loses at most what it had not yet been given time to write."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from app.store.store import Store

ROOT = Path(__file__).parents[2]
WRITER = """
import sys
from pathlib import Path
from app.store.store import Store
store = Store(Path(sys.argv[1]))
chat = store.chats.add("Killed")
question = store.tree.say(chat.id, None, "Tell me everything")
answer = store.tree.begin_answer(chat.id, question.id)
store.chats.set_draft(chat.id, "and then")
text = ""
for number in range(10**9):
    text += f"word{number} "
    store.tree.write(answer.id, text)
    print(number, flush=True)
"""


def test_kill_minus_nine(path):
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    for line in writer.stdout:
        if int(line) >= 40:
            break
    writer.send_signal(signal.SIGKILL)
    writer.stdout.close()
    writer.wait()

    store = Store(path)

    (chat,) = store.chats.all()
    answer = store.tree.path(chat.id)[-1].message
    words = answer.text.split()
    assert words == [f"word{number}" for number in range(len(words))]
    assert len(words) >= 41
    assert (answer.state, chat.draft, store.recovered) == ("stopped", "and then", 1)
    store.close()
