"""macOS's own recogniser, on this machine only (SFSpeechRecognizer). Has not run on a Mac yet: docs/macos.md.

Thin on purpose: permission, one request per utterance, sound in as buffers, results on a queue of their own. Engine
thread; nothing here touches MLX.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from engine.errors import KnownError
from engine.messages import SpokenWord
from engine.speech.recogniser import Hints, Pulse, Said
from engine.speech.sound import RATE, Samples

_AUTHORIZED = 3  # SFSpeechRecognizerAuthorizationStatus
_PATIENCE = 60.0
_LOOK = 0.05
_WHERE = "Allow it in System Settings > Privacy & Security > Speech Recognition."


class System:
    name = "macOS's own recogniser, on this Mac"
    caution = ""
    longest = 50.0  # Apple ends a request after a minute

    def begin(self, hints: Hints) -> _Utterance:
        import Speech

        _ask_permission(Speech)
        return _Utterance(Speech, _recogniser(Speech, hints.language), hints)

    def close(self) -> None: ...


class _Utterance:
    def __init__(self, speech: Any, recogniser: Any, hints: Hints) -> None:
        self._language = str(recogniser.locale().languageCode())
        self._request = speech.SFSpeechAudioBufferRecognitionRequest.alloc().init()
        self._request.setRequiresOnDeviceRecognition_(True)
        self._request.setShouldReportPartialResults_(True)
        self._request.setContextualStrings_(list(hints.words))
        self._latest: tuple[SpokenWord, ...] = ()
        self._error: str | None = None
        self._done = threading.Event()
        self._task = recogniser.recognitionTaskWithRequest_resultHandler_(self._request, self._told)

    def hear(self, samples: Samples, pulse: Pulse) -> None:
        pulse()
        self._request.appendAudioPCMBuffer_(_buffer(samples))

    def guess(self, pulse: Pulse) -> Said:
        return Said(self._latest, self._language)

    def end(self, pulse: Pulse) -> Said:
        self._request.endAudio()
        waited = 0.0
        while not self._done.wait(_LOOK):
            pulse()
            waited += _LOOK
            if waited > _PATIENCE:
                self.drop()
                raise KnownError("macOS's recogniser did not answer.", "Try again, or choose a Whisper model.")
        if self._error and not self._latest:
            raise KnownError(f"macOS's recogniser failed: {self._error}.", "Try again, or choose a Whisper model.")
        return Said(self._latest, self._language)

    def drop(self) -> None:
        self._task.cancel()

    def _told(self, result: Any, error: Any) -> None:
        """On the recogniser's queue. An exception here would end the process, so it only notes."""
        if result is not None:
            parts = result.bestTranscription().segments()
            self._latest = tuple(
                SpokenWord(" " + str(part.substring()), part.timestamp(), part.timestamp() + part.duration())
                for part in parts
            )
        if error is not None:
            self._error = str(error.localizedDescription())
        if error is not None or result.isFinal():
            self._done.set()


def _ask_permission(speech: Any) -> None:
    if speech.SFSpeechRecognizer.authorizationStatus() == _AUTHORIZED:
        return
    answered = threading.Event()
    speech.SFSpeechRecognizer.requestAuthorization_(lambda _status: answered.set())
    answered.wait(_PATIENCE)
    if speech.SFSpeechRecognizer.authorizationStatus() != _AUTHORIZED:
        raise KnownError("macOS does not let Cadre recognise speech.", _WHERE)


def _recogniser(speech: Any, language: str | None) -> Any:
    from Foundation import NSLocale, NSOperationQueue

    made = speech.SFSpeechRecognizer.alloc()
    locale = NSLocale.localeWithLocaleIdentifier_(language) if language else NSLocale.currentLocale()
    recogniser = made.initWithLocale_(locale)
    if recogniser is None or not recogniser.supportsOnDeviceRecognition():
        raise KnownError(
            "macOS recognises this language only over the network, which Cadre does not use.",
            "Download it in System Settings > Keyboard > Dictation, or choose a Whisper model.",
        )
    recogniser.setQueue_(NSOperationQueue.alloc().init())
    return recogniser


def _buffer(samples: Samples) -> Any:
    """An AVAudioPCMBuffer with a copy of the samples."""
    import AVFoundation

    form = AVFoundation.AVAudioFormat.alloc().initStandardFormatWithSampleRate_channels_(float(RATE), 1)
    buffer = AVFoundation.AVAudioPCMBuffer.alloc().initWithPCMFormat_frameCapacity_(form, len(samples))
    buffer.setFrameLength_(len(samples))
    channel = buffer.floatChannelData()[0].as_buffer(len(samples))
    np.frombuffer(channel, np.float32)[: len(samples)] = samples
    return buffer
