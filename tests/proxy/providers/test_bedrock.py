"""Amazon Bedrock with the real boto3 on one side of the egress and, on the other, a fake that checks signatures."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from typing import Any, TypeVar

import boto3
import httpx2
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

from proxy.egress.app import EgressApp
from proxy.providers.bedrock import Bedrock as Dialect
from proxy.settings import Provider
from safety_core.cli.demo.model import Model, Reply
from safety_core.errors import InputError
from safety_core.flow.dialect import Purpose
from safety_core.flow.egress_effects import UpstreamRequest
from safety_core.match.matcher import Matcher
from safety_core.match.patterns import PatternSet
from safety_core.match.registry import Registry
from safety_core.model.record import Event
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.usage import Usage
from safety_core.redact.redactor import Redactor
from tests.proxy.egress.setting import AGENT, CLIENT_TOKEN, CLIENTS, Books, served
from tests.simulators.bedrock import (
    SECRET_KEY,
    SESSION,
    STREAM,
    USAGE,
    VAULT,
    Bedrock,
    chunk,
    event,
    exception,
    refusal,
)
from tests.simulators.prompt_world import SECRETS

T = TypeVar("T")

PASSWORD, TOKEN, _ = SECRETS.values()
NAME = SecretName("BEDROCK_KEY")
REF = "SECRET_REF(DB_PASSWORD)"
COST = Usage(30, 7)
CLAUDE = "anthropic.claude-3-5-sonnet-20241022-v2:0"
PROFILE = "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.amazon.nova-pro-v1:0"
REDACTOR = Redactor(
    Matcher(Registry({name: SecretValue(value) for name, value in {**SECRETS, NAME: VAULT}.items()}), PatternSet([])),
    b"k" * 32,
)


async def known() -> Redactor:
    return REDACTOR


@dataclass
class Setting:
    url: str
    model: Model
    aws: Bedrock
    books: Books
    clients: list[Any] = field(default_factory=list)

    def client(self, token: str = CLIENT_TOKEN, **config: Any) -> Any:
        """Return a boto3 client that signs with the client's token in place of an access key id."""
        client = boto3.client(
            "bedrock-runtime",
            region_name="us-east-1",
            endpoint_url=f"{self.url}/bedrock",
            aws_access_key_id=token,
            aws_secret_access_key="not looked at",
            config=Config(**{"retries": {"total_max_attempts": 1}, **config}),
        )
        self.clients.append(client)
        return client


@asynccontextmanager
async def bedrock(aws: Bedrock, key: str = VAULT) -> AsyncGenerator[Setting, None]:
    books = Books()
    books.vault[NAME] = SecretValue(key)
    async with Model(aws) as model:
        providers = [Provider("bedrock", "bedrock", model.url, NAME, private=True)]
        app = EgressApp(providers, CLIENTS, redactor=known, handlers=books.handlers())
        async with served(app) as url:
            setting = Setting(url, model, aws, books)
            yield setting
            for client in setting.clients:
                client.close()
        await app.aclose()


async def read(stream: Any) -> list[Any]:
    """Return all events of a stream of boto3's, and let go of its connection."""

    def reading() -> list[Any]:
        with closing(stream):
            return [*stream]

    return await asyncio.to_thread(reading)


async def within(call: Callable[..., T], **arguments: Any) -> T:
    """Call boto3, which blocks, on a thread of its own."""
    return await asyncio.to_thread(lambda: call(**arguments))


def user(text: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"text": text}]}]


@pytest.mark.parametrize("model", [CLAUDE, PROFILE, "us.meta.llama4-v1:0", "m"])
async def test_converse_is_redacted_both_ways_and_signed_anew(model: str) -> None:
    async with bedrock(Bedrock(f"it was {PASSWORD}.")) as setting:
        reply = await within(setting.client().converse, modelId=model, messages=user(f"use {TOKEN} please"))
        assert reply["output"]["message"]["content"][0]["text"] == f"it was {REF}."
        assert reply["usage"] == USAGE
        assert setting.aws.troubles == [""]
        (request,) = setting.model.requests
        assert request.json()["messages"] == user("use SECRET_REF(DEPLOY_TOKEN) please")
        sent = str(request.headers) + request.target
        assert CLIENT_TOKEN not in sent
        assert request.header("x-amz-security-token") == SESSION
        assert request.header("amz-sdk-invocation-id")
        (meter,) = setting.books.metered
        assert (meter.agent, meter.provider, meter.model, meter.usage) == (AGENT, "bedrock", model, COST)
        assert [entry.event for entry in setting.books.log] == [Event.PROMPT, Event.RESPONSE]


async def test_a_models_id_leaves_as_it_was_sent() -> None:
    async with bedrock(Bedrock()) as setting:
        await within(setting.client().converse, modelId=PROFILE, messages=user("hi"))
        (request,) = setting.model.requests
        assert request.target == (
            "/model/arn%3Aaws%3Abedrock%3Aeu-central-1%3A123456789012"
            "%3Ainference-profile%2Feu.amazon.nova-pro-v1%3A0/converse"
        )


async def test_a_conversation_is_streamed_and_a_secret_found_however_it_is_cut() -> None:
    async with bedrock(Bedrock(f"one {PASSWORD} two {TOKEN}")) as setting:
        stream = await within(setting.client().converse_stream, modelId=CLAUDE, messages=user("hi"))
        events = await read(stream["stream"])
        said = "".join(each["contentBlockDelta"]["delta"]["text"] for each in events if "contentBlockDelta" in each)
        assert said == f"one {REF} two SECRET_REF(DEPLOY_TOKEN)"
        assert [next(iter(each)) for each in events[-3:]] == ["contentBlockStop", "messageStop", "metadata"]
        assert events[-1]["metadata"]["usage"] == USAGE
        await setting.books.settled.wait()
        assert setting.books.metered[0].usage == COST


async def test_a_tool_call_is_streamed_without_its_secret() -> None:
    async with bedrock(Bedrock(call={"command": f"login --password {PASSWORD}", "n": 1})) as setting:
        stream = await within(setting.client().converse_stream, modelId=CLAUDE, messages=user("hi"))
        events = await read(stream["stream"])
        deltas = [each["contentBlockDelta"]["delta"] for each in events if "contentBlockDelta" in each]
        arguments = "".join(delta["toolUse"]["input"] for delta in deltas)
        assert json.loads(arguments) == {"command": f"login --password {REF}", "n": 1}
        assert events[1]["contentBlockStart"]["start"]["toolUse"]["name"] == "exec"


@pytest.mark.parametrize(("model", "said"), [(CLAUDE, "content"), ("mistral.mistral-large-2402-v1:0", "outputs")])
async def test_what_a_model_answers_in_its_own_way_is_redacted_and_counted(model: str, said: str) -> None:
    async with bedrock(Bedrock(f"it was {PASSWORD}")) as setting:
        body = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "prompt": TOKEN})
        reply = await within(setting.client().invoke_model, modelId=model, body=body)
        document = json.loads(await asyncio.to_thread(reply["body"].read))
        assert document[said][0]["text"] == f"it was {REF}"
        assert setting.model.requests[0].json()["prompt"] == "SECRET_REF(DEPLOY_TOKEN)"
        assert setting.books.metered[0].usage == COST


async def test_a_models_own_stream_is_redacted() -> None:
    async with bedrock(Bedrock(f"one {PASSWORD}, two")) as setting:
        body = json.dumps({"messages": [{"role": "user", "content": "hi"}]})
        reply = await within(setting.client().invoke_model_with_response_stream, modelId=CLAUDE, body=body)
        events = [json.loads(each["chunk"]["bytes"]) for each in await read(reply["body"])]
        said = "".join(each["delta"].get("text", "") for each in events if "delta" in each)
        assert said == f"one {REF}, two"
        await setting.books.settled.wait()
        assert setting.books.metered[0].usage == COST


async def test_counting_is_not_billed() -> None:
    async with bedrock(Bedrock()) as setting:
        reply = await within(
            setting.client().count_tokens, modelId=CLAUDE, input={"converse": {"messages": user(PASSWORD)}}
        )
        assert reply["inputTokens"] == 30
        assert setting.model.requests[0].json()["input"]["converse"]["messages"] == user(REF)
        assert setting.books.metered == []


@pytest.mark.parametrize(
    ("path", "purpose"),
    [
        ("/model/amazon.titan-embed-text-v2%3A0/invoke", Purpose.NUMBERS),
        ("/model/us.cohere.embed-v4:0/invoke", Purpose.NUMBERS),
        ("/model/amazon.titan-embed-text-v2%3A0/converse", Purpose.TURN),
        ("/model/amazon.nova-pro-v1%3A0/invoke", Purpose.TURN),
        ("/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Acustom-model%2Famazon.titan-embed/invoke", Purpose.TURN),
        ("/model/amazon.titan-embed-text-v2%3A0/count-tokens", Purpose.COUNT),
    ],
)
def test_only_what_makes_numbers_is_no_turn(path: str, purpose: Purpose) -> None:
    found = Dialect.paths.find("POST", path)
    assert found is not None
    assert found.purpose is purpose


async def test_other_requests_are_refused() -> None:
    async with bedrock(Bedrock()) as setting:
        client = setting.client()
        with pytest.raises(client.exceptions.ResourceNotFoundException, match="is not listed"):
            await within(
                client.apply_guardrail,
                guardrailIdentifier="g",
                guardrailVersion="1",
                source="INPUT",
                content=[{"text": {"text": "hi"}}],
            )
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            await within(client.list_async_invokes)
        assert setting.model.requests == []


async def test_a_stranger_is_refused() -> None:
    async with bedrock(Bedrock()) as setting:
        with pytest.raises(ClientError, match="client token: is missing") as refused:
            await within(setting.client("AKIA" + "STRANGER").converse, modelId=CLAUDE, messages=user("hi"))
        assert refused.value.response["Error"]["Code"] == "UnrecognizedClientException"
        headers = refused.value.response["ResponseMetadata"]["HTTPHeaders"]
        assert headers["x-amzn-errortype"] == "UnrecognizedClientException"
        assert setting.model.requests == []


async def test_client_and_edge_may_hold_a_bedrock_api_key_instead() -> None:
    """boto3 itself sends such a key over https alone (AWS_BEARER_TOKEN_BEDROCK); others do not mind loopback."""
    key = "bedrock-api-" + "key-7Hq2"
    async with bedrock(Bedrock(signed=False), key) as setting:
        sent = {"authorization": f"Bearer {CLIENT_TOKEN}"}
        async with httpx2.AsyncClient(base_url=setting.url, headers=sent, timeout=60, trust_env=False) as client:
            reply = await client.post("/bedrock/model/m/converse", json={"messages": user("hi")})
        assert reply.json()["output"]["message"]["content"] == [{"text": "hello"}]
        (request,) = setting.model.requests
        assert request.header("authorization") == f"Bearer {key}"
        assert request.header("x-amz-date") == ""


async def test_throttling_is_repeated_by_the_client_and_each_try_is_signed() -> None:
    wait = refusal(429, "ThrottlingException", "Too many requests, please wait before trying again.")
    async with bedrock(Bedrock(before=[wait, wait])) as setting:
        client = setting.client(retries={"total_max_attempts": 3, "mode": "standard"})
        reply = await within(client.converse, modelId=CLAUDE, messages=user("hi"))
        assert reply["output"]["message"]["content"][0]["text"] == "hello"
        assert setting.aws.troubles == ["", "", ""]
        assert [meter.usage for meter in setting.books.metered] == [COST]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "ValidationException"),
        (403, "AccessDeniedException"),
        (404, "ResourceNotFoundException"),
        (424, "ModelErrorException"),
        (500, "InternalServerException"),
    ],
)
async def test_errors_of_aws_reach_the_client_under_their_names(status: int, kind: str) -> None:
    async with bedrock(Bedrock(before=[refusal(status, kind, f"no: {PASSWORD}")])) as setting:
        client = setting.client()
        with pytest.raises(getattr(client.exceptions, kind)) as refused:
            await within(client.converse, modelId=CLAUDE, messages=user("hi"))
        assert refused.value.response["Error"]["Message"] == f"no: {REF}"


async def test_an_exception_in_the_middle_of_a_stream_passes_without_secrets() -> None:
    parts = [
        event("messageStart", {"role": "assistant"}),
        event("contentBlockDelta", {"delta": {"text": "he"}, "contentBlockIndex": 0}),
        exception("throttlingException", f"wait, {PASSWORD}"),
    ]
    async with bedrock(Bedrock(before=[Reply(200, STREAM, parts)])) as setting:
        stream = await within(setting.client().converse_stream, modelId=CLAUDE, messages=user("hi"))
        with pytest.raises(EventStreamError, match="throttlingException") as raised:
            await read(stream["stream"])
        assert raised.value.response["Error"]["Message"] == f"wait, {REF}"


def torn() -> bytes:
    broken = bytearray(event("contentBlockDelta", {"delta": {"text": "hello"}, "contentBlockIndex": 0}))
    broken[-6] ^= 1
    return bytes(broken)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ([torn()], "checksum"),
        ([torn()[:40]], "cut off"),
        ([chunk({})[:-4] + b"\0\0\0\0"], "checksum"),
    ],
)
async def test_a_broken_stream_ends_in_an_exception(parts: list[bytes], reason: str) -> None:
    async with bedrock(Bedrock(before=[Reply(200, STREAM, parts)])) as setting:
        stream = await within(setting.client().converse_stream, modelId=CLAUDE, messages=user("hi"))
        with pytest.raises(EventStreamError, match="modelStreamErrorException") as raised:
            await read(stream["stream"])
        assert reason in raised.value.response["Error"]["Message"]
        await setting.books.settled.wait()
        assert setting.books.metered[0].usage.estimated


@pytest.mark.parametrize(
    "key",
    [
        '{"access_key_id": "A"}',
        '{"access_key_id": "", "secret_access_key": "S", "region": "us-east-1"}',
        '{"access_key_id": "A", "secret_access_key": "S"}',
        '{"access_key_id": "A", "secret_access_key": "S", "region": "us-east-1/x"}',
        '{"access_key_id": "A", "secret_access_key": "S", "region": "us-east-1", "extra": 1}',
        "{",
    ],
)
async def test_a_key_that_is_none_is_named_and_not_quoted(key: str) -> None:
    async with bedrock(Bedrock(), key) as setting:
        client = setting.client()
        with pytest.raises(client.exceptions.InternalServerException, match="vault's entry for Bedrock") as refused:
            await within(client.converse, modelId=CLAUDE, messages=user("hi"))
        headers = refused.value.response["ResponseMetadata"]["HTTPHeaders"]
        assert headers["x-amzn-errortype"] == "InternalServerException"
        assert setting.model.requests == []


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("bedrock-runtime.us-east-1.amazonaws.com", "us-east-1"),
        ("bedrock-runtime-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("bedrock-runtime-fips.us-east-2.api.aws", "us-east-2"),
        ("bedrock-runtime.ap-southeast-2.api.aws", "ap-southeast-2"),
        ("bedrock-runtime.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("bedrock-runtime.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"),
        ("vpce-0a1b2c3d4e5f-abcdefgh.bedrock-runtime.eu-west-3.vpce.amazonaws.com", "eu-west-3"),
    ],
)
def test_a_host_tells_its_region(host: str, region: str) -> None:
    request = UpstreamRequest("bedrock", "POST", "/model/m/converse", (), b"{}")
    key = json.dumps({"access_key_id": "A" * 16, "secret_access_key": SECRET_KEY})
    headers = dict(Dialect().authorized(request, f"https://{host}/model/m/converse", key, 1e9))
    assert f"/{region}/bedrock/aws4_request".encode() in headers[b"authorization"]


@pytest.mark.parametrize("host", ["bedrock.example", "bedrock-runtime.example.com", "bedrock-runtime.us-east-1"])
def test_a_host_that_tells_none_is_no_guess(host: str) -> None:
    request = UpstreamRequest("bedrock", "POST", "/model/m/converse", (), b"{}")
    key = json.dumps({"access_key_id": "A" * 16, "secret_access_key": SECRET_KEY})
    with pytest.raises(InputError, match="region"):
        Dialect().authorized(request, f"https://{host}/model/m/converse", key, 1e9)
