package io.openwit.source.http;

import static io.openwit.source.DoorFixture.BROKEN_TOKEN;
import static io.openwit.source.DoorFixture.LOGS_TOKEN;
import static io.openwit.source.DoorFixture.TOKEN;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.github.luben.zstd.Zstd;
import com.google.protobuf.ByteString;
import com.google.protobuf.util.JsonFormat;
import com.google.rpc.RetryInfo;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.opentelemetry.proto.trace.v1.Span;
import io.openwit.model.Outcome.Accepted;
import io.openwit.model.Outcome.Throttled;
import io.openwit.model.Outcome.Unavailable;
import io.openwit.model.Signal;
import io.openwit.source.DoorFixture;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class OtlpHttpServerTest {
    private static final String PROTOBUF = "application/x-protobuf";
    private static final String JSON = "application/json";
    private static final int MAX_PAYLOAD_BYTES = 1 << 20;
    private static final int MAX_REQUESTS = 3;
    private static final Duration TIMEOUT = Duration.ofMillis(700);
    private static final Duration IDLE = Duration.ofMinutes(5);

    private final DoorFixture behind = new DoorFixture();
    private OtlpHttpServer server = server(0, IDLE);
    private final HttpClient client = HttpClient.newBuilder().version(Version.HTTP_1_1).build();

    @BeforeEach
    void open() throws IOException {
        server.start();
    }

    @AfterEach
    void close() {
        client.close();
        server.close();
        behind.close();
    }

    @ParameterizedTest
    @EnumSource
    void everySignalIsServedInProtobuf(Signal signal) throws Exception {
        HttpResponse<byte[]> answer = post(signal, PROTOBUF, DoorFixture.request(signal, 300));

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("content-type")).hasValue(PROTOBUF);
        assertThat(answer.body()).isEmpty();
        assertThat(behind.rows()).isEqualTo(300);
        assertThat(behind.batches).allSatisfy(batch ->
                assertThat(batch.header().tenant().value()).isEqualTo("acme"));
    }

    @Test
    void jsonIsServedToo() throws Exception {
        HttpResponse<byte[]> answer = post(Signal.LOGS, "application/json; charset=utf-8", """
                {"resourceLogs":[{"scopeLogs":[{"logRecords":[
                    {"timeUnixNano":"%d","body":{"stringValue":"one"}},
                    {"timeUnixNano":"%d","body":{"stringValue":"two"}}]}]}]}"""
                .formatted(DoorFixture.TIME, DoorFixture.TIME).getBytes(UTF_8));

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("content-type")).hasValue(JSON);
        assertThat(new String(answer.body(), UTF_8)).isEqualTo("{}");
        assertThat(behind.rows()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "GZIP", "zstd", "identity"})
    void bodiesMayBeCompressed(String encoding) throws Exception {
        byte[] plain = DoorFixture.request(Signal.LOGS, 5_000);
        byte[] body = switch (encoding) {
            case "zstd" -> Zstd.compress(plain);
            case "identity" -> plain;
            default -> gzip(plain);
        };

        assertThat(post(Signal.LOGS, PROTOBUF, body, "Content-Encoding", encoding).statusCode()).isEqualTo(200);
        assertThat(behind.rows()).isEqualTo(5_000);
    }

    @Test
    void aBodyMayComeInChunksAlsoWhereTheClientWouldRatherChangeToHttp2() throws Exception {
        byte[] body = DoorFixture.request(Signal.LOGS, 20_000);
        BodyPublisher chunked = BodyPublishers.fromPublisher(BodyPublishers.ofByteArray(body));
        try (HttpClient asksForHttp2 = HttpClient.newBuilder().version(Version.HTTP_2).build()) {
            for (HttpClient any : new HttpClient[] {client, asksForHttp2}) {
                HttpRequest request = request(Signal.LOGS, PROTOBUF, chunked, TOKEN).build();
                HttpResponse<byte[]> answer = any.send(request, HttpResponse.BodyHandlers.ofByteArray());
                assertThat(answer.statusCode()).isEqualTo(200);
                assertThat(answer.version()).isEqualTo(Version.HTTP_1_1);
            }
        }
        assertThat(behind.rows()).isEqualTo(40_000);
    }

    @Test
    void http2IsServedToClientsThatBeginWithIt() throws Exception {
        OkHttpClient http2 = new OkHttpClient.Builder()
                .protocols(List.of(Protocol.H2_PRIOR_KNOWLEDGE))
                .build();
        byte[] small = DoorFixture.request(Signal.LOGS, 1);
        byte[] large = DoorFixture.request(Signal.LOGS, 20_000);
        for (byte[] body : new byte[][] {small, large}) {
            try (Response answer = http2.newCall(http2Request(body, TOKEN)).execute()) {
                assertThat(answer.protocol()).isEqualTo(Protocol.H2_PRIOR_KNOWLEDGE);
                assertThat(answer.code()).isEqualTo(200);
            }
        }
        try (Response answer = http2.newCall(http2Request(new byte[20 << 20], "nobody's")).execute()) {
            assertThat(answer.code()).isEqualTo(401);
        }
        try (Response answer = http2.newCall(http2Request(new byte[20 << 20], TOKEN)).execute()) {
            assertThat(answer.code()).isEqualTo(413);
        }
        assertThat(behind.rows()).isEqualTo(20_001);
        http2.connectionPool().evictAll();
        http2.dispatcher().executorService().shutdown();
    }

    private Request http2Request(byte[] body, String token) {
        return new Request.Builder()
                .url(uri("/v1/logs").toString())
                .header("Authorization", "Bearer " + token)
                .post(RequestBody.create(body, MediaType.get(PROTOBUF)))
                .build();
    }

    @Test
    void anEmptyRequestIsAccepted() throws Exception {
        assertThat(post(Signal.LOGS, PROTOBUF, new byte[0]).statusCode()).isEqualTo(200);
        assertThat(post(Signal.LOGS, JSON, "{}".getBytes(UTF_8)).statusCode()).isEqualTo(200);
        assertThat(post(Signal.LOGS, JSON, new byte[0]).statusCode()).isEqualTo(400);
    }

    @Test
    void rejectedRowsAreToldInPartialSuccess() throws Exception {
        ExportTraceServiceRequest.Builder request = DoorFixture.traces(3).toBuilder();
        request.getResourceSpansBuilder(0)
                .getScopeSpansBuilder(0)
                .addSpans(Span.newBuilder().setTraceId(ByteString.copyFromUtf8("short")));

        HttpResponse<byte[]> answer = post(Signal.TRACES, PROTOBUF, request.build().toByteArray());
        HttpResponse<byte[]> json = post(Signal.TRACES, JSON, """
                {"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"aabb"}]}]}]}""".getBytes(UTF_8));

        assertThat(answer.statusCode()).isEqualTo(200);
        var partial = ExportTraceServiceResponse.parseFrom(answer.body()).getPartialSuccess();
        assertThat(partial.getRejectedSpans()).isEqualTo(1);
        assertThat(partial.getErrorMessage()).isNotEmpty();
        var inJson = ExportTraceServiceResponse.newBuilder();
        JsonFormat.parser().merge(new String(json.body(), UTF_8), inJson);
        assertThat(inJson.build().getPartialSuccess()).isEqualTo(partial);
    }

    @Test
    void whatCannotBeDecodedIsABadRequestWithAStatusInItsContentType() throws Exception {
        HttpResponse<byte[]> protobuf = post(Signal.LOGS, PROTOBUF, "this is no protobuf".getBytes(UTF_8));
        HttpResponse<byte[]> json = post(Signal.LOGS, JSON, "{\"resourceLogs\": [".getBytes(UTF_8));
        HttpResponse<byte[]> protobufAsJson = post(Signal.LOGS, JSON, DoorFixture.request(Signal.LOGS, 1));

        assertThat(protobuf.statusCode()).isEqualTo(400);
        assertThat(status(protobuf).getCode()).isEqualTo(3);
        assertThat(status(protobuf).getMessage()).isNotEmpty();
        assertThat(json.statusCode()).isEqualTo(400);
        assertThat(json.headers().firstValue("content-type")).hasValue(JSON);
        assertThat(new String(json.body(), UTF_8)).startsWith("{\"code\":3,\"message\":\"malformed JSON at byte 18");
        assertThat(protobufAsJson.statusCode()).isEqualTo(400);
    }

    @Test
    void onlyTheThreePathsAndOnlyPostAreServed() throws Exception {
        for (String path : new String[] {"/", "/v1/logs/", "/v1/profiles", "/v1/LOGS", "/v1/logs/../x", "/v1/%6cogsx"}) {
            HttpRequest request = HttpRequest.newBuilder(uri(path)).POST(BodyPublishers.noBody()).build();
            assertThat(send(request).statusCode()).as(path).isEqualTo(404);
        }
        for (String method : new String[] {"GET", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
            HttpRequest request = HttpRequest.newBuilder(uri("/v1/logs"))
                    .method(method, BodyPublishers.noBody())
                    .build();
            HttpResponse<byte[]> answer = send(request);
            assertThat(answer.statusCode()).as(method).isEqualTo(405);
            assertThat(answer.headers().firstValue("allow")).hasValue("POST");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"text/plain", "application/protobuf", "application/grpc", "application/jsonx", ";"})
    void anotherContentTypeIsNotSupported(String type) throws Exception {
        assertThat(post(Signal.LOGS, type, new byte[0]).statusCode()).isEqualTo(415);
    }

    @Test
    void aMissingContentTypeIsNotSupported() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(uri("/v1/logs"))
                .header("Authorization", "Bearer " + TOKEN)
                .POST(BodyPublishers.ofByteArray(new byte[3]))
                .build();

        assertThat(send(request).statusCode()).isEqualTo(415);
    }

    @Test
    void anotherCompressionIsNotSupported() throws Exception {
        for (String encoding : new String[] {"br", "deflate", "gzip, gzip", "gzip, identity", "x"}) {
            HttpResponse<byte[]> answer = post(Signal.LOGS, PROTOBUF, new byte[3], "Content-Encoding", encoding);
            assertThat(answer.statusCode()).as(encoding).isEqualTo(415);
            assertThat(answer.headers().firstValue("accept-encoding")).hasValue("gzip, zstd");
        }
    }

    @Test
    void aBodyThatIsNotWhatItsEncodingSaysIsABadRequest() throws Exception {
        byte[] plain = DoorFixture.request(Signal.LOGS, 10);
        byte[] good = gzip(plain);
        byte[] zstd = Zstd.compress(plain);
        byte[][] gzips = {plain, Arrays.copyOf(good, good.length - 1), Arrays.copyOf(good, good.length + 1), {}};
        byte[][] zstds = {plain, Arrays.copyOf(zstd, zstd.length - 1), Arrays.copyOf(zstd, zstd.length + 1)};

        for (byte[] body : gzips) {
            assertThat(post(Signal.LOGS, PROTOBUF, body, "Content-Encoding", "gzip").statusCode()).isEqualTo(400);
        }
        for (byte[] body : zstds) {
            assertThat(post(Signal.LOGS, PROTOBUF, body, "Content-Encoding", "zstd").statusCode()).isEqualTo(400);
        }
        assertThat(behind.rows()).isZero();
        assertThat(behind.refused("http", "malformed")).isEqualTo(7);
    }

    @Test
    void aBodyOverTheLimitIsTooLarge() throws Exception {
        byte[] tooLarge = new byte[MAX_PAYLOAD_BYTES + 1];
        BodyPublisher chunked = BodyPublishers.fromPublisher(BodyPublishers.ofByteArray(tooLarge));

        assertThat(post(Signal.LOGS, PROTOBUF, tooLarge).statusCode()).isEqualTo(413);
        assertThat(send(request(Signal.LOGS, PROTOBUF, chunked, TOKEN).build()).statusCode()).isEqualTo(413);
        assertThat(post(Signal.LOGS, PROTOBUF, gzip(tooLarge), "Content-Encoding", "gzip").statusCode())
                .isEqualTo(413);
        assertThat(post(Signal.LOGS, PROTOBUF, Zstd.compress(tooLarge), "Content-Encoding", "zstd").statusCode())
                .isEqualTo(413);
        assertThat(behind.refused("http", "too_large")).isEqualTo(4);
        await().until(behind.gateway::idle);
    }

    @Test
    void aBombIsNeitherUnpackedNorKept() throws Exception {
        byte[] member = gzip(new byte[16 << 20]);
        ByteArrayOutputStream bomb = new ByteArrayOutputStream();
        for (int i = 0; i < 40; i++) {
            bomb.writeBytes(member);
        }
        ByteArrayOutputStream nothingForEver = new ByteArrayOutputStream();
        while (nothingForEver.size() <= MAX_PAYLOAD_BYTES) {
            nothingForEver.writeBytes(gzip(new byte[0]));
        }

        HttpResponse<byte[]> answer = post(Signal.LOGS, PROTOBUF, bomb.toByteArray(), "Content-Encoding", "gzip");

        assertThat(answer.statusCode()).isEqualTo(413);
        assertThat(status(answer).getCode()).isEqualTo(8);
        assertThat(status(answer).getDetailsList()).isEmpty();
        BodyPublisher chunked = BodyPublishers.fromPublisher(BodyPublishers.ofByteArray(nothingForEver.toByteArray()));
        HttpRequest endless = request(Signal.LOGS, PROTOBUF, chunked, TOKEN)
                .header("Content-Encoding", "gzip")
                .build();
        assertThat(send(endless).statusCode()).isEqualTo(413);
    }

    @Test
    void whoIsNotKnownIsRefusedBeforeTheBodyIsSent() throws Exception {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(head("nobody's", "Content-Length: 1000000\r\n"));

            String answer = readHead(socket.getInputStream());
            assertThat(answer).startsWith("HTTP/1.1 401").containsIgnoringCase("www-authenticate: bearer");
        }
        assertThat(behind.refused("http", "unauthenticated")).isEqualTo(1);
    }

    @Test
    void aClientThatAsksFirstSendsItsBodyOnlyWhenItIsKnown() throws Exception {
        byte[] body = DoorFixture.request(Signal.LOGS, 1);
        HttpRequest known = request(Signal.LOGS, PROTOBUF, BodyPublishers.ofByteArray(body), TOKEN)
                .expectContinue(true)
                .build();
        assertThat(send(known).statusCode()).isEqualTo(200);

        try (Socket socket = connect()) {
            socket.getOutputStream().write(head("nobody's", "Content-Length: 10\r\nExpect: 100-continue\r\n"));

            assertThat(readHead(socket.getInputStream())).startsWith("HTTP/1.1 401");
        }
    }

    @Test
    void aLargeBodyThatIsRefusedUnreadDoesNotCostTheClientItsAnswer() throws Exception {
        HttpRequest request = request(Signal.LOGS, PROTOBUF, BodyPublishers.ofByteArray(new byte[20 << 20]), "no")
                .build();
        for (int i = 0; i < 5; i++) {
            assertThat(send(request).statusCode()).isEqualTo(401);
        }
    }

    @Test
    void aForeignSignalOrTenantIsForbidden() throws Exception {
        HttpRequest foreignSignal = request(Signal.TRACES, PROTOBUF, BodyPublishers.noBody(), LOGS_TOKEN).build();

        assertThat(send(foreignSignal).statusCode()).isEqualTo(403);
        assertThat(post(Signal.LOGS, PROTOBUF, new byte[0], "X-OpenWit-Tenant", "globex").statusCode()).isEqualTo(403);
        assertThat(post(Signal.LOGS, PROTOBUF, new byte[0], "X-OpenWit-Tenant", "../x").statusCode()).isEqualTo(400);
        assertThat(post(Signal.LOGS, PROTOBUF, new byte[0], "X-OpenWit-Tenant", "acme").statusCode()).isEqualTo(200);
    }

    @Test
    void overloadNamesTheDelayInWholeSecondsAndExactly() throws Exception {
        behind.node = batch -> new Throttled(false, Duration.ofMillis(2500), "the disk is slow");
        HttpResponse<byte[]> load = post(Signal.LOGS, PROTOBUF, DoorFixture.request(Signal.LOGS, 1));
        behind.node = batch -> new Throttled(true, Duration.ofMillis(3), "over quota");
        HttpResponse<byte[]> quota = post(Signal.LOGS, PROTOBUF, DoorFixture.request(Signal.LOGS, 1));
        behind.node = batch -> new Unavailable("n1 cannot be reached");
        HttpResponse<byte[]> away = post(Signal.LOGS, PROTOBUF, DoorFixture.request(Signal.LOGS, 1));

        assertThat(load.statusCode()).isEqualTo(503);
        assertThat(load.headers().firstValue("retry-after")).hasValue("3");
        RetryInfo retry = status(load).getDetails(0).unpack(RetryInfo.class);
        assertThat(retry.getRetryDelay().getSeconds()).isEqualTo(2);
        assertThat(retry.getRetryDelay().getNanos()).isEqualTo(500_000_000);
        assertThat(quota.statusCode()).isEqualTo(429);
        assertThat(quota.headers().firstValue("retry-after")).hasValue("1");
        assertThat(away.statusCode()).isEqualTo(503);
        assertThat(away.headers().firstValue("retry-after")).hasValue("1");
        assertThat(status(away).getDetails(0).is(RetryInfo.class)).isTrue();
    }

    @Test
    void requestsBeyondTheLimitHearThatTheyMayComeAgain() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        behind.node = batch -> waitFor(release, new Accepted(batch.header().rows(), 0, 0, ""));
        byte[] body = DoorFixture.request(Signal.LOGS, 1);
        HttpRequest request = request(Signal.LOGS, PROTOBUF, BodyPublishers.ofByteArray(body), TOKEN).build();
        var waiting = new CompletableFuture<?>[MAX_REQUESTS];
        for (int i = 0; i < MAX_REQUESTS; i++) {
            waiting[i] = client.sendAsync(request, HttpResponse.BodyHandlers.ofByteArray())
                    .thenAccept(answer -> assertThat(answer.statusCode()).isEqualTo(200));
        }
        await().until(() -> behind.telemetry.metrics().bytesReceived.labelValues("http").get()
                == (double) MAX_REQUESTS * body.length);

        HttpResponse<byte[]> refused = post(Signal.LOGS, JSON, "{}".getBytes(UTF_8));

        assertThat(refused.statusCode()).isEqualTo(503);
        assertThat(refused.headers().firstValue("retry-after")).hasValue("1");
        assertThat(new String(refused.body(), UTF_8)).contains("\"retryDelay\":\"1.000000000s\"");
        assertThat(behind.refused("http", "overload")).isEqualTo(1);
        release.countDown();
        CompletableFuture.allOf(waiting).get(10, TimeUnit.SECONDS);
        assertThat(post(Signal.LOGS, PROTOBUF, new byte[0]).statusCode()).isEqualTo(200);
    }

    @Test
    void aBodyThatStallsIsGivenUpAndItsPlaceIsFree() throws Exception {
        for (int i = 0; i < 2 * MAX_REQUESTS; i += MAX_REQUESTS) {
            Socket[] stalled = new Socket[MAX_REQUESTS];
            for (int j = 0; j < MAX_REQUESTS; j++) {
                stalled[j] = connect();
                stalled[j].getOutputStream().write(head(TOKEN, "Content-Length: 100\r\n"));
                stalled[j].getOutputStream().write(new byte[10]);
            }
            for (Socket socket : stalled) {
                assertThat(readHead(socket.getInputStream())).startsWith("HTTP/1.1 408");
                socket.close();
            }
        }
        assertThat(behind.refused("http", "timeout")).isEqualTo(2 * MAX_REQUESTS);
        await().until(behind.gateway::idle);
    }

    @Test
    void aBodyThatTricklesIsGivenUpToo() throws Exception {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(head(TOKEN, "Content-Length: 100000\r\n"));
            CompletableFuture<String> answer =
                    CompletableFuture.supplyAsync(() -> readHead(inputOf(socket)), behind.virtualThreads);
            await().pollInterval(Duration.ofMillis(50)).until(() -> answer.isDone() || !writes(socket));
            assertThat(answer.get()).startsWith("HTTP/1.1 408");
        }
    }

    @Test
    void anAnswerMayTakeLongerThanAConnectionMayBeIdle() throws Exception {
        reopen(Duration.ofSeconds(1));
        CountDownLatch release = new CountDownLatch(1);
        behind.node = batch -> waitFor(release, new Accepted(batch.header().rows(), 0, 0, ""));
        OkHttpClient http2 = new OkHttpClient.Builder()
                .protocols(List.of(Protocol.H2_PRIOR_KNOWLEDGE))
                .build();
        byte[] body = DoorFixture.request(Signal.LOGS, 1);
        HttpRequest request = request(Signal.LOGS, PROTOBUF, BodyPublishers.ofByteArray(body), TOKEN).build();
        var one = client.sendAsync(request, HttpResponse.BodyHandlers.ofByteArray());
        var two = CompletableFuture.supplyAsync(
                () -> {
                    try (Response answer = http2.newCall(http2Request(body, TOKEN)).execute()) {
                        return answer.code();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                behind.virtualThreads);
        CompletableFuture.runAsync(
                        release::countDown,
                        CompletableFuture.delayedExecutor(3, TimeUnit.SECONDS))
                .get(10, TimeUnit.SECONDS);

        assertThat(one.get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
        assertThat(two.get(10, TimeUnit.SECONDS)).isEqualTo(200);
        http2.connectionPool().evictAll();
        http2.dispatcher().executorService().shutdown();
    }

    @Test
    void aConnectionThatIsIdleIsClosed() throws Exception {
        reopen(Duration.ofMillis(300));
        try (Socket silent = connect();
                Socket inItsHead = connect()) {
            inItsHead.getOutputStream().write("POST /v1/logs HTTP/1.1\r\nHost: loc".getBytes(UTF_8));

            assertThat(silent.getInputStream().readAllBytes()).isEmpty();
            assertThat(new String(inItsHead.getInputStream().readAllBytes(), ISO_8859_1)).doesNotContain("200");
        }
    }

    @Test
    void headersOverEightKibibytesAreTooLarge() throws Exception {
        HttpResponse<byte[]> answer = post(Signal.LOGS, PROTOBUF, new byte[0], "X-Padding", "p".repeat(9000));

        assertThat(answer.statusCode()).isEqualTo(431);
        assertThat(answer.headers().firstValue("content-type")).hasValue(JSON);
        assertThat(new String(answer.body(), UTF_8)).startsWith("{\"code\":3,");
        assertThat(post(Signal.LOGS, PROTOBUF, new byte[0], "X-Padding", "p".repeat(7000)).statusCode()).isEqualTo(200);
    }

    @Test
    void twoLengthsForOneBodyAreABadRequestAndTheEndOfTheConnection() throws Exception {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(head(TOKEN, "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"));
            socket.getOutputStream().write("0\r\n\r\n".getBytes(UTF_8));

            assertThat(new String(socket.getInputStream().readAllBytes(), ISO_8859_1)).startsWith("HTTP/1.1 400");
        }
    }

    @Test
    void brokenChunksAreABadRequest() throws Exception {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(head(TOKEN, "Transfer-Encoding: chunked\r\n"));
            socket.getOutputStream().write("zz\r\nabc".getBytes(UTF_8));

            assertThat(readHead(socket.getInputStream())).startsWith("HTTP/1.1 400");
        }
    }

    @Test
    void aClientThatGoesAwayInTheMiddleLeavesNothingBehind() throws Exception {
        for (int i = 0; i < 2 * MAX_REQUESTS; i++) {
            try (Socket socket = connect()) {
                socket.getOutputStream().write(head(TOKEN, "Content-Length: 100\r\n"));
                socket.getOutputStream().write(new byte[10]);
            }
        }
        await().until(behind.gateway::idle);
        await().untilAsserted(() ->
                assertThat(post(Signal.LOGS, PROTOBUF, new byte[0]).statusCode()).isEqualTo(200));
    }

    @Test
    void aMistakeOfOursIsAnInternalErrorAndTheNextRequestIsServed() throws Exception {
        HttpResponse<byte[]> answer =
                send(request(Signal.LOGS, PROTOBUF, BodyPublishers.noBody(), BROKEN_TOKEN).build());

        assertThat(answer.statusCode()).isEqualTo(500);
        assertThat(status(answer).getCode()).isEqualTo(13);
        assertThat(status(answer).getMessage()).doesNotContain("broken on purpose");
        assertThat(behind.refused("http", "internal")).isEqualTo(1);
        assertThat(post(Signal.LOGS, PROTOBUF, new byte[0]).statusCode()).isEqualTo(200);
    }

    @Test
    void anIdempotencyKeyHasAtMostOneHundredAndTwentyEightBytes() throws Exception {
        byte[] body = DoorFixture.request(Signal.LOGS, 1);

        assertThat(post(Signal.LOGS, PROTOBUF, body, "Idempotency-Key", "k".repeat(128)).statusCode()).isEqualTo(200);
        assertThat(post(Signal.LOGS, PROTOBUF, body, "idempotency-key", "k".repeat(129)).statusCode()).isEqualTo(400);
    }

    @Test
    void closingLetsTheRequestsUnderWayComeToTheirEnd() throws Exception {
        CountDownLatch reached = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        behind.node = batch -> {
            reached.countDown();
            return waitFor(release, new Accepted(batch.header().rows(), 0, 0, ""));
        };
        HttpRequest request = request(
                        Signal.LOGS, PROTOBUF, BodyPublishers.ofByteArray(DoorFixture.request(Signal.LOGS, 1)), TOKEN)
                .build();
        var underWay = client.sendAsync(request, HttpResponse.BodyHandlers.ofByteArray());
        assertThat(reached.await(10, TimeUnit.SECONDS)).isTrue();
        try (Socket kept = connect()) {
            kept.getOutputStream().write(head(TOKEN, "Content-Length: 0\r\n"));
            assertThat(readHead(kept.getInputStream())).startsWith("HTTP/1.1 200");

            int port = server.port();
            CompletableFuture<Void> closed = CompletableFuture.runAsync(
                    () -> {
                        try {
                            server.close(Duration.ofSeconds(10));
                        } catch (InterruptedException e) {
                            throw new AssertionError(e);
                        }
                    },
                    behind.virtualThreads);
            await().until(() -> !accepts(port));
            kept.getOutputStream().write(head(TOKEN, "Content-Length: 0\r\n"));
            assertThat(readHead(kept.getInputStream())).startsWith("HTTP/1.1 503").containsIgnoringCase("retry-after: 1");
            assertThat(closed).isNotDone();
            release.countDown();

            assertThat(underWay.get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
            closed.get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void anAddressThatIsTakenIsNamed() {
        OtlpHttpServer second = server(server.port(), IDLE);

        assertThatThrownBy(second::start)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("OTLP/HTTP cannot listen on 127.0.0.1:" + server.port())
                .hasMessageContaining("Address already in use");
        second.close();
    }

    private void reopen(Duration idle) throws IOException {
        server.close();
        server = server(0, idle);
        server.start();
    }

    private OtlpHttpServer server(int port, Duration idle) {
        return new OtlpHttpServer(
                new HttpConfig("127.0.0.1", port, MAX_REQUESTS, TIMEOUT, idle, MAX_PAYLOAD_BYTES),
                behind.gateway,
                behind.telemetry,
                behind.virtualThreads);
    }

    private HttpResponse<byte[]> post(Signal signal, String type, byte[] body, String... headers) throws Exception {
        HttpRequest.Builder request = request(signal, type, BodyPublishers.ofByteArray(body), TOKEN);
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        return send(request.build());
    }

    private HttpRequest.Builder request(Signal signal, String type, BodyPublisher body, String token) {
        return HttpRequest.newBuilder(uri("/v1/" + signal.label()))
                .timeout(Duration.ofSeconds(10))
                .header("Content-Type", type)
                .header("Authorization", "Bearer " + token)
                .POST(body);
    }

    private HttpResponse<byte[]> send(HttpRequest request) throws Exception {
        return client.send(request, HttpResponse.BodyHandlers.ofByteArray());
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }

    private static com.google.rpc.Status status(HttpResponse<byte[]> answer) throws IOException {
        assertThat(answer.headers().firstValue("content-type")).hasValue(PROTOBUF);
        return com.google.rpc.Status.parseFrom(answer.body());
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket("127.0.0.1", server.port());
        socket.setSoTimeout(10_000);
        return socket;
    }

    private static byte[] head(String token, String more) {
        return ("POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n"
                        + "Authorization: Bearer " + token + "\r\n" + more + "\r\n")
                .getBytes(UTF_8);
    }

    /// An answer's status line and headers, and as much of its body as they announce.
    private static String readHead(InputStream in) {
        StringBuilder head = new StringBuilder();
        try {
            while (head.indexOf("\r\n\r\n") < 0) {
                int b = in.read();
                if (b < 0) {
                    return head + " (closed)";
                }
                head.append((char) b);
            }
            for (String line : head.toString().split("\r\n")) {
                if (line.regionMatches(true, 0, "content-length:", 0, 15)) {
                    in.skipNBytes(Long.parseLong(line.substring(15).strip()));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return head.toString();
    }

    private static InputStream inputOf(Socket socket) {
        try {
            return socket.getInputStream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Sends one byte more; false where the server has closed the connection.
    private static boolean writes(Socket socket) {
        try {
            socket.getOutputStream().write(0);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean accepts(int port) {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private static Accepted waitFor(CountDownLatch latch, Accepted accepted) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return accepted;
    }

    private static byte[] gzip(byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }
}
