package io.openwit.pipeline;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What bad input gets at both doors of a real node; after each case the next good request is served.
class BadInputTest {
    /// Tokens whose SHA-256 the tokens file holds.
    private static final String ACME = "acme-token";

    private static final String LOGS_ONLY = "globex-token";
    private static final int TOO_LARGE = 5 << 20;

    private static NodeProcess node;
    private static ManagedChannel channel;

    @BeforeAll
    static void start(@TempDir Path directory) throws Exception {
        Path tokens = directory.resolve("tokens.yaml");
        Files.writeString(
                tokens,
                """
                tokens:
                  - {id: a, sha256: %s, tenant: acme}
                  - {id: g, sha256: %s, tenant: globex, signals: [logs]}
                """
                        .formatted(sha256(ACME), sha256(LOGS_ONLY)));
        Map<String, String> settings = Shape.common(directory.resolve("data"), "n1");
        settings.put("security.authentication.enabled", "true");
        settings.put("security.authentication.tokens_file", tokens.toString());
        node = NodeProcess.start(directory, "standalone", settings);
        channel = NettyChannelBuilder.forTarget(node.door("grpc")).usePlaintext().build();
    }

    @AfterAll
    static void stop() {
        channel.shutdownNow();
        node.close();
    }

    @AfterEach
    void theNextGoodRequestIsServed() throws Exception {
        assertThat(node.isAlive()).isTrue();
        assertThat(Otlp.post(node, "logs", Otlp.logs("good", 0, 1), "Authorization", "Bearer " + ACME).statusCode())
                .isEqualTo(200);
        assertThat(export(channel, ACME, Otlp.logs("good", 0, 1))).isEqualTo(Status.Code.OK);
    }

    @Test
    void anUndecodableBodyIsRefusedWithAStatus() throws Exception {
        byte[] body = "this is no protobuf".getBytes(UTF_8);

        HttpResponse<byte[]> answer = post("logs", body);

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/x-protobuf");
        assertThat(com.google.rpc.Status.parseFrom(answer.body()).getCode())
                .isEqualTo(Status.Code.INVALID_ARGUMENT.value());
        assertThat(export(channel, ACME, body)).isEqualTo(Status.Code.INVALID_ARGUMENT);
    }

    @Test
    void undecodableJsonIsRefusedInJson() throws Exception {
        HttpResponse<byte[]> answer = Otlp.post(
                node.url("http", "/v1/logs"),
                "application/json",
                "{\"resourceLogs\": [".getBytes(UTF_8),
                "Authorization",
                "Bearer " + ACME);

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/json");
        assertThat(new String(answer.body(), UTF_8)).startsWith("{").contains("\"code\":3");
    }

    @Test
    void aBodyOverTheLimitIsTooLarge() throws Exception {
        assertThat(post("logs", new byte[TOO_LARGE]).statusCode()).isEqualTo(413);
        assertThat(export(channel, ACME, new byte[TOO_LARGE])).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    }

    @Test
    void aCompressedBombIsTooLarge() throws Exception {
        var bomb = new java.io.ByteArrayOutputStream();
        try (var gzip = new java.util.zip.GZIPOutputStream(bomb)) {
            gzip.write(new byte[64 << 20]);
        }

        HttpResponse<byte[]> answer = Otlp.post(
                node, "logs", bomb.toByteArray(), "Authorization", "Bearer " + ACME, "Content-Encoding", "gzip");

        assertThat(answer.statusCode()).isEqualTo(413);
    }

    @Test
    void aBrokenOrUnknownCompressionIsRefused() throws Exception {
        byte[] plain = Otlp.logs("shop", 0, 1);

        assertThat(Otlp.post(node, "logs", plain, "Authorization", "Bearer " + ACME, "Content-Encoding", "gzip")
                        .statusCode())
                .isEqualTo(400);
        assertThat(Otlp.post(node, "logs", plain, "Authorization", "Bearer " + ACME, "Content-Encoding", "br")
                        .statusCode())
                .isEqualTo(415);
    }

    @Test
    void aWrongContentTypeIsRefused() throws Exception {
        for (String type : new String[] {"", "text/plain", "application/grpc"}) {
            assertThat(Otlp.post(
                                    node.url("http", "/v1/logs"),
                                    type,
                                    Otlp.logs("shop", 0, 1),
                                    "Authorization",
                                    "Bearer " + ACME)
                            .statusCode())
                    .isEqualTo(415);
        }
    }

    @Test
    void anotherMethodOrPathIsRefused() throws Exception {
        HttpRequest get = HttpRequest.newBuilder(node.url("http", "/v1/logs")).build();
        assertThat(Otlp.HTTP.send(get, HttpResponse.BodyHandlers.discarding()).statusCode()).isEqualTo(405);
        assertThat(post("nothing", new byte[0]).statusCode()).isEqualTo(404);
    }

    @Test
    void noOrAWrongTokenIsRefusedBeforeTheBodyIsRead() throws Exception {
        assertThat(Otlp.post(node, "logs", Otlp.logs("shop", 0, 1)).statusCode()).isEqualTo(401);
        assertThat(Otlp.post(node, "logs", Otlp.logs("shop", 0, 1), "Authorization", "Bearer wrong").statusCode())
                .isEqualTo(401);
        assertThat(export(channel, "wrong", Otlp.logs("shop", 0, 1))).isEqualTo(Status.Code.UNAUTHENTICATED);

        // The body is announced and never sent: only an answer that does not wait for it can come.
        try (Socket socket = new Socket("127.0.0.1", node.port("http"))) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream()
                    .write(("POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n"
                                    + "Content-Length: 1000000\r\n\r\n")
                            .getBytes(UTF_8));
            byte[] status = socket.getInputStream().readNBytes("HTTP/1.1 401".length());
            assertThat(new String(status, UTF_8)).isEqualTo("HTTP/1.1 401");
        }
    }

    @Test
    void aForeignSignalOrTenantIsForbidden() throws Exception {
        assertThat(Otlp.post(node, "traces", Otlp.traces("shop", 0, 1), "Authorization", "Bearer " + LOGS_ONLY)
                        .statusCode())
                .isEqualTo(403);
        assertThat(Otlp.post(
                                node,
                                "logs",
                                Otlp.logs("shop", 0, 1),
                                "Authorization",
                                "Bearer " + ACME,
                                "X-OpenWit-Tenant",
                                "globex")
                        .statusCode())
                .isEqualTo(403);
    }

    @Test
    void sqlShowsATenantItsOwnRowsAndNothingElse() throws Exception {
        byte[] body = Otlp.logs("secret", 0, 5);
        assertThat(Otlp.post(node, "logs", body, "Authorization", "Bearer " + LOGS_ONLY).statusCode()).isEqualTo(200);
        Sql globex = new Sql(node.url("admin", ""), LOGS_ONLY);
        org.awaitility.Awaitility.await()
                .atMost(java.time.Duration.ofSeconds(30))
                .ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> globex.number("select count(*) from logs where service_name = 'secret'"), n -> n == 5);

        Sql acme = new Sql(node.url("admin", ""), ACME);
        assertThat(acme.number("select count(*) from logs where service_name = 'secret'")).isZero();
        assertThat(new Sql(node.url("admin", ""), "").send("select 1").statusCode()).isEqualTo(401);
        for (String attempt : new String[] {
            "select * from read_csv('/etc/passwd')",
            "select * from '/etc/passwd'",
            "copy (select 1) to '/tmp/openwit-copy.csv'",
            "attach '/tmp/openwit.db' as other",
            "set memory_limit = '1GB'",
            "select * from '../storage/parquet/tenant=globex/signal=logs/*/*.parquet'",
            "select * from read_parquet('**/tenant=globex/**/*.parquet')",
            "select 1; select 2",
        }) {
            HttpResponse<String> answer = acme.send(attempt);
            assertThat(answer.statusCode()).as(attempt + ": " + answer.body()).isIn(400, 403);
        }
    }

    @Test
    void randomBytesNeverEndTheProcess() throws Exception {
        Random random = new Random(7);
        for (int i = 0; i < 300; i++) {
            byte[] body = new byte[random.nextInt(400)];
            random.nextBytes(body);
            String signal = new String[] {"logs", "traces", "metrics"}[i % 3];
            assertThat(post(signal, body).statusCode()).isIn(200, 400);
        }
    }

    private static HttpResponse<byte[]> post(String signal, byte[] body) throws Exception {
        return Otlp.post(node, signal, body, "Authorization", "Bearer " + ACME);
    }

    private static Status.Code export(Channel to, String token, byte[] body) {
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
        MethodDescriptor<byte[], byte[]> method = MethodDescriptor.<byte[], byte[]>newBuilder()
                .setType(MethodDescriptor.MethodType.UNARY)
                .setFullMethodName("opentelemetry.proto.collector.logs.v1.LogsService/Export")
                .setRequestMarshaller(new Bytes())
                .setResponseMarshaller(new Bytes())
                .build();
        try {
            ClientCalls.blockingUnaryCall(
                    io.grpc.ClientInterceptors.intercept(to, MetadataUtils.newAttachHeadersInterceptor(headers)),
                    method,
                    CallOptions.DEFAULT,
                    body);
            return Status.Code.OK;
        } catch (StatusRuntimeException e) {
            return e.getStatus().getCode();
        }
    }

    private static String sha256(String text) throws Exception {
        return java.util.HexFormat.of()
                .formatHex(java.security.MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8)));
    }

    private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
    }
}
