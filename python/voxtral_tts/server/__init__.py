"""Speech over HTTP, in the shapes of OpenAI's API; docs/server.md describes it.

The extra ``server`` has what it needs: ``pip install 'voxtral_tts[server]'``.
"""

from voxtral_tts.server.app import create_app
from voxtral_tts.server.options import ServerOptions
from voxtral_tts.server.schedule import Speaker

__all__ = ["ServerOptions", "Speaker", "create_app"]
