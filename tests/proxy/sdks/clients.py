"""The official SDKs, each behind the same few words, as an application would use them.

Whatever differs between them is here: how a client is made, where an answer's text stands, what an error is called, and
what one of them cannot do (`CANNOT`, which a test holds against the SDK itself).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any, Final

import anthropic
import httpx
import httpx2
import ollama
import openai
from google import genai
from google.genai import errors, types

from tests.proxy.sdks.boto import Boto3
from tests.proxy.sdks.sdk import SCHEMA, TOOL, Asked, Options, Sdk


class _OpenAi(Sdk):
    status_error, refused = openai.APIStatusError, openai.AuthenticationError
    time_out, broken = openai.APITimeoutError, openai.APIError
    tools: Final[Any] = [{"type": "function", "function": {"name": TOOL, "parameters": SCHEMA}}]

    def settings(self) -> Any:
        given = self.options
        return {
            "api_key": given.token,
            "base_url": f"{given.url}/openai/v1",
            "max_retries": given.retries,
            "timeout": given.seconds,
        }

    def status(self, error: Any) -> int:
        return int(error.status_code)

    def turn(self, prompt: str, **more: Any) -> Any:
        return {"model": "m", "messages": [{"role": "user", "content": prompt}], **more}

    def result(self, asked: Asked, text: str) -> Any:
        messages = [
            {"role": "user", "content": "what is on the menu?"},
            asked.said.model_dump(exclude_none=True),
            {"role": "tool", "tool_call_id": asked.said.tool_calls[0].id, "content": text},
        ]
        return {"model": "m", "messages": messages, "tools": self.tools}

    def asked(self, message: Any) -> Asked:
        call = message.tool_calls[0]
        return Asked(call.function.name, json.loads(call.function.arguments), message)


class OpenAi(_OpenAi):
    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self.client = openai.OpenAI(**self.settings())

    def close(self) -> None:
        self.client.close()

    def say(self, prompt: str) -> str:
        return self.client.chat.completions.create(**self.turn(prompt)).choices[0].message.content or ""

    def stream(self, prompt: str) -> str:
        with self.client.chat.completions.create(**self.turn(prompt, stream=True)) as events:
            return "".join(event.choices[0].delta.content or "" for event in events if event.choices)

    def leave(self, prompt: str) -> str:
        with self.client.chat.completions.create(**self.turn(prompt, stream=True)) as events:
            return next(event.choices[0].delta.content for event in events if event.choices[0].delta.content)

    def ask(self) -> Asked:
        reply = self.client.chat.completions.create(**self.turn("what is on the menu?", tools=self.tools))
        return self.asked(reply.choices[0].message)

    def ask_streamed(self) -> Asked:
        with self.client.chat.completions.stream(**self.turn("what is on the menu?", tools=self.tools)) as events:
            return self.asked(events.get_final_completion().choices[0].message)

    def answer(self, asked: Asked, text: str) -> str:
        return self.client.chat.completions.create(**self.result(asked, text)).choices[0].message.content or ""

    def embed(self, text: str) -> list[float]:
        return self.client.embeddings.create(model="m", input=text, encoding_format="float").data[0].embedding

    def count(self, text: str) -> int:
        return self.client.responses.input_tokens.count(model="m", input=text).input_tokens

    def unlisted(self) -> Any:
        return self.client.fine_tuning.jobs.list()


class OpenAiAsync(_OpenAi):
    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self.client = openai.AsyncOpenAI(**self.settings())

    async def close(self) -> None:
        await self.client.close()

    async def say(self, prompt: str) -> str:
        return (await self.client.chat.completions.create(**self.turn(prompt))).choices[0].message.content or ""

    async def stream(self, prompt: str) -> str:
        async with await self.client.chat.completions.create(**self.turn(prompt, stream=True)) as events:
            return "".join([event.choices[0].delta.content or "" async for event in events if event.choices])

    async def leave(self, prompt: str) -> str:
        async with await self.client.chat.completions.create(**self.turn(prompt, stream=True)) as events:
            async for event in events:
                if text := event.choices[0].delta.content:
                    return str(text)
        return ""

    async def ask(self) -> Asked:
        reply = await self.client.chat.completions.create(**self.turn("what is on the menu?", tools=self.tools))
        return self.asked(reply.choices[0].message)

    async def ask_streamed(self) -> Asked:
        async with self.client.chat.completions.stream(**self.turn("menu?", tools=self.tools)) as events:
            return self.asked((await events.get_final_completion()).choices[0].message)

    async def answer(self, asked: Asked, text: str) -> str:
        return (await self.client.chat.completions.create(**self.result(asked, text))).choices[0].message.content or ""

    async def embed(self, text: str) -> list[float]:
        made = await self.client.embeddings.create(model="m", input=text, encoding_format="float")
        return made.data[0].embedding

    async def count(self, text: str) -> int:
        return (await self.client.responses.input_tokens.count(model="m", input=text)).input_tokens

    async def unlisted(self) -> Any:
        return await self.client.fine_tuning.jobs.list()


class OpenAiResponses(OpenAi):
    """The responses API of the same SDK."""

    def say(self, prompt: str) -> str:
        return self.client.responses.create(model="m", input=prompt).output_text

    def stream(self, prompt: str) -> str:
        with self.client.responses.create(model="m", input=prompt, stream=True) as events:
            return "".join(event.delta for event in events if event.type == "response.output_text.delta")

    def leave(self, prompt: str) -> str:
        with self.client.responses.create(model="m", input=prompt, stream=True) as events:
            return next(event.delta for event in events if event.type == "response.output_text.delta")

    def ask(self) -> Asked:
        tools: Any = [{"type": "function", "name": TOOL, "parameters": SCHEMA, "strict": False}]
        reply = self.client.responses.create(model="m", input="what is on the menu?", tools=tools)
        call: Any = reply.output[0]
        return Asked(call.name, json.loads(call.arguments), call)

    def ask_streamed(self) -> Asked:
        tools: Any = [{"type": "function", "name": TOOL, "parameters": SCHEMA, "strict": False}]
        with self.client.responses.stream(model="m", input="what is on the menu?", tools=tools) as events:
            call: Any = events.get_final_response().output[0]
        return Asked(call.name, json.loads(call.arguments), call)

    def answer(self, asked: Asked, text: str) -> str:
        told = {"type": "function_call_output", "call_id": asked.said.call_id, "output": text}
        said: Any = [{"role": "user", "content": "?"}, asked.said.model_dump(exclude_none=True), told]
        return self.client.responses.create(model="m", input=said).output_text


class Anthropic(Sdk):
    status_error, refused = anthropic.APIStatusError, anthropic.AuthenticationError
    time_out, broken = anthropic.APITimeoutError, anthropic.APIStatusError

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self.client = anthropic.Anthropic(
            api_key=options.token,
            base_url=f"{options.url}/anthropic",
            max_retries=options.retries,
            timeout=options.seconds,
        )

    def close(self) -> None:
        self.client.close()

    def status(self, error: Any) -> int:
        return int(error.status_code)

    def turn(self, *messages: Any, **more: Any) -> Any:
        return {"model": "m", "max_tokens": 64, "messages": [*messages], **more}

    def say(self, prompt: str) -> str:
        return str(self.client.messages.create(**self.turn(_user(prompt))).content[0].text)

    def stream(self, prompt: str) -> str:
        with self.client.messages.stream(**self.turn(_user(prompt))) as events:
            return "".join(events.text_stream)

    def leave(self, prompt: str) -> str:
        with self.client.messages.stream(**self.turn(_user(prompt))) as events:
            return next(iter(events.text_stream))

    def ask(self) -> Asked:
        reply = self.client.messages.create(**self.turn(_user("?"), tools=[{"name": TOOL, "input_schema": SCHEMA}]))
        call: Any = reply.content[0]
        return Asked(call.name, call.input, reply)

    def ask_streamed(self) -> Asked:
        tools: Any = [{"name": TOOL, "input_schema": SCHEMA}]
        with self.client.messages.stream(**self.turn(_user("?"), tools=tools)) as events:
            reply = events.get_final_message()
        call: Any = reply.content[0]
        return Asked(call.name, call.input, reply)

    def answer(self, asked: Asked, text: str) -> str:
        said = {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in asked.said.content]}
        result = {"type": "tool_result", "tool_use_id": asked.said.content[0].id, "content": text}
        turn = self.turn(_user("?"), said, {"role": "user", "content": [result]})
        return str(self.client.messages.create(**turn).content[0].text)

    def count(self, text: str) -> int:
        return self.client.messages.count_tokens(model="m", messages=[{"role": "user", "content": text}]).input_tokens

    def unlisted(self) -> Any:
        return self.client.beta.files.list()


class Gemini(Sdk):
    status_error, refused = errors.APIError, errors.ClientError
    time_out, broken = httpx2.TimeoutException, errors.APIError

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        again = types.HttpRetryOptions(attempts=options.retries + 1, initial_delay=0.05, max_delay=0.1)
        http = types.HttpOptions(
            base_url=f"{options.url}/gemini", timeout=int(options.seconds * 1000), retry_options=again
        )
        self.client = genai.Client(api_key=options.token, http_options=http)
        declared = types.FunctionDeclaration(name=TOOL, parameters_json_schema=SCHEMA)
        self.config = types.GenerateContentConfig(tools=[types.Tool(function_declarations=[declared])])

    def close(self) -> None:
        self.client.close()

    def status(self, error: Any) -> int:
        return int(error.code)

    def say(self, prompt: str) -> str:
        return self.client.models.generate_content(model="m", contents=prompt).text or ""

    def stream(self, prompt: str) -> str:
        events = self.client.models.generate_content_stream(model="m", contents=prompt)
        return "".join(event.text or "" for event in events)

    def leave(self, prompt: str) -> str:
        events: Any = self.client.models.generate_content_stream(model="m", contents=prompt)
        with closing(events):
            return next(event.text for event in events if event.text)

    def ask(self) -> Asked:
        reply: Any = self.client.models.generate_content(model="m", contents="?", config=self.config)
        call = reply.function_calls[0]
        return Asked(call.name, call.args, reply.candidates[0].content)

    def ask_streamed(self) -> Asked:
        events: Any = self.client.models.generate_content_stream(model="m", contents="?", config=self.config)
        told = next(each for each in [*events] if each.function_calls)
        return Asked(told.function_calls[0].name, told.function_calls[0].args, told.candidates[0].content)

    def answer(self, asked: Asked, text: str) -> str:
        result = types.Part.from_function_response(name=TOOL, response={"output": text})
        said: Any = [
            types.Content(role="user", parts=[types.Part(text="?")]),
            asked.said,
            types.Content(role="user", parts=[result]),
        ]
        return self.client.models.generate_content(model="m", contents=said).text or ""

    def embed(self, text: str) -> list[float]:
        made: Any = self.client.models.embed_content(model="m-embed", contents=text)
        return list(made.embeddings[0].values)

    def count(self, text: str) -> int:
        return self.client.models.count_tokens(model="m", contents=text).total_tokens or 0

    def unlisted(self) -> Any:
        return [*self.client.files.list()]


class Ollama(Sdk):
    status_error = refused = broken = ollama.ResponseError
    time_out = httpx.TimeoutException
    retries = False
    tools: Final[Any] = [{"type": "function", "function": {"name": TOOL, "parameters": SCHEMA}}]

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        headers = {"authorization": f"Bearer {options.token}"}
        self.client = ollama.Client(f"{options.url}/ollama", headers=headers, timeout=options.seconds)

    def close(self) -> None:
        self.client._client.close()

    def status(self, error: Any) -> int:
        return int(error.status_code)

    def say(self, prompt: str) -> str:
        return self.client.chat(model="m", messages=[_user(prompt)]).message.content or ""

    def stream(self, prompt: str) -> str:
        return "".join(
            event.message.content or "" for event in self.client.chat(model="m", messages=[_user(prompt)], stream=True)
        )

    def leave(self, prompt: str) -> str:
        events: Any = self.client.chat(model="m", messages=[_user(prompt)], stream=True)
        with closing(events):
            return next(event.message.content for event in events if event.message.content)

    def ask(self) -> Asked:
        message = self.client.chat(model="m", messages=[_user("?")], tools=self.tools).message
        call: Any = (message.tool_calls or [])[0]
        return Asked(call.function.name, call.function.arguments, message)

    def ask_streamed(self) -> Asked:
        events: Any = self.client.chat(model="m", messages=[_user("?")], tools=self.tools, stream=True)
        message = next(event.message for event in [*events] if event.message.tool_calls)
        call: Any = message.tool_calls[0]
        return Asked(call.function.name, call.function.arguments, message)

    def answer(self, asked: Asked, text: str) -> str:
        result = {"role": "tool", "tool_name": TOOL, "content": text}
        return self.client.chat(model="m", messages=[_user("?"), asked.said, result]).message.content or ""

    def embed(self, text: str) -> list[float]:
        return list(self.client.embed(model="m", input=text).embeddings[0])

    def unlisted(self) -> Any:
        return self.client.pull("m")


SDKS: Final[Mapping[str, Callable[[Options], Any]]] = {
    "openai": OpenAi,
    "openai async": OpenAiAsync,
    "openai responses": OpenAiResponses,
    "anthropic": Anthropic,
    "google-genai": Gemini,
    "ollama": Ollama,
    "boto3": Boto3,
}

CANNOT: Final = {
    ("embeddings", "anthropic"): "Anthropic has no embeddings",
    ("count tokens", "ollama"): "Ollama counts no tokens",
}
"""Scenario and SDK -> why there is no such thing."""


def _user(text: str) -> Any:
    return {"role": "user", "content": text}
