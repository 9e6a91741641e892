package io.openwit.source.http;

import io.openwit.gateway.Gateway;
import io.openwit.otlp.RpcStatus;
import io.openwit.otlp.RpcStatus.Code;
import io.openwit.telemetry.Telemetry;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Executor;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.WindowRateControl;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/// The OTLP/HTTP door, over HTTP/1.1 and HTTP/2 without TLS.
///
/// Source: OTLP specification, "OTLP/HTTP".
public final class OtlpHttpServer implements AutoCloseable {
    private static final int MAX_HEADER_BYTES = 8 << 10;
    private static final int MAX_CONNECTIONS = 4096;
    private static final int MAX_STREAMS_PER_CONNECTION = 128;

    /// What an HTTP/2 stream, and a connection, may send before it is read.
    private static final int STREAM_WINDOW_BYTES = 1 << 20;

    private static final int CONNECTION_WINDOW_BYTES = 8 << 20;

    /// Resets, pings, settings and the like of one HTTP/2 connection. Source: CVE-2023-44487, "rapid reset".
    private static final int MAX_CONTROL_FRAMES_PER_SECOND = 100;

    /// Threads that read and write; requests wait on virtual ones.
    private static final int MAX_THREADS = 16;

    private static final int MIN_THREADS = 4;

    private final HttpConfig config;
    private final Server server;
    private final ServerConnector connector;
    private final ExportHandler handler;

    /// @param virtualThreads runs each request, which blocks until its rows are durable
    public OtlpHttpServer(HttpConfig config, Gateway gateway, Telemetry telemetry, Executor virtualThreads) {
        this.config = config;
        QueuedThreadPool threads = new QueuedThreadPool(MAX_THREADS, MIN_THREADS);
        threads.setName("otlp-http");
        threads.setDaemon(true);
        server = new Server(threads);

        HttpConfiguration http = new HttpConfiguration();
        http.setRequestHeaderSize(MAX_HEADER_BYTES);
        http.setSendServerVersion(false);
        PriorKnowledgeHttp2 http2 = new PriorKnowledgeHttp2(http);
        http2.setMaxConcurrentStreams(MAX_STREAMS_PER_CONNECTION);
        http2.setInitialStreamRecvWindow(STREAM_WINDOW_BYTES);
        http2.setInitialSessionRecvWindow(CONNECTION_WINDOW_BYTES);
        http2.setRateControlFactory(new WindowRateControl.Factory(MAX_CONTROL_FRAMES_PER_SECOND));
        http2.setStreamIdleTimeout(config.idleTimeout().toMillis());

        connector = new ServerConnector(server, new HttpConnectionFactory(http), http2);
        connector.setHost(config.bind());
        connector.setPort(config.port());
        connector.setIdleTimeout(config.idleTimeout().toMillis());
        server.addConnector(connector);
        server.addBean(new NetworkConnectionLimit(MAX_CONNECTIONS, connector));

        handler = new ExportHandler(config, gateway, telemetry, virtualThreads);
        server.setHandler(handler);
        server.setErrorHandler(OtlpHttpServer::error);
        server.setStopTimeout(0);
    }

    /// What Jetty refuses by itself, such as headers that are too long or no HTTP at all.
    private static boolean error(Request request, Response response, Callback callback) {
        int status = response.getStatus();
        Code code = HttpStatus.isServerError(status) ? Code.INTERNAL : Code.INVALID_ARGUMENT;
        HttpAnswer.refusal(status, new RpcStatus(code, HttpStatus.getMessage(status)), true).send(response, callback);
        return true;
    }

    /// Opens the door.
    ///
    /// @throws IOException the address cannot be taken; the message names it
    public void start() throws IOException {
        try {
            server.start();
        } catch (Exception e) {
            Throwable cause = e instanceof IOException && e.getCause() != null ? e.getCause() : e;
            throw new IOException(
                    "OTLP/HTTP cannot listen on " + config.bind() + ":" + config.port() + ": " + cause.getMessage(), e);
        }
    }

    /// The port that is listened on, from [#start] on.
    public int port() {
        return connector.getLocalPort();
    }

    /// Takes no further connection or request, lets those under way come to their end, and cuts what is left of them
    /// after `drain`.
    ///
    /// @throws InterruptedException the wait was interrupted; requests under way have been cut
    public void close(Duration drain) throws InterruptedException {
        connector.shutdown();
        try {
            handler.drain(drain);
        } finally {
            close();
        }
    }

    /// Cuts whatever is under way.
    @Override
    public void close() {
        try {
            server.stop();
        } catch (Exception e) {
            throw new IllegalStateException("OTLP/HTTP cannot be stopped", e);
        }
    }
}
