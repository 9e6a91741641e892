package io.openwit.console;

import io.openwit.telemetry.Telemetry;
import java.io.IOException;
import java.util.concurrent.Executor;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/// The admin address: `/metrics`, `/health/live`, `/health/ready`, `/api/batches/ID` and `/api/query`, over HTTP/1.1.
public final class AdminServer implements AutoCloseable {
    private static final int MAX_HEADER_BYTES = 8 << 10;
    private static final int MAX_CONNECTIONS = 256;
    private static final int MAX_THREADS = 8;
    private static final int MIN_THREADS = 3;

    private final Server server;
    private final ServerConnector connector;

    /// @param virtualThreads runs each request, which may wait for a query or for Postgres
    public AdminServer(AdminConfig config, AdminApi api, Telemetry telemetry, Executor virtualThreads) {
        QueuedThreadPool threads = new QueuedThreadPool(MAX_THREADS, MIN_THREADS);
        threads.setName("admin");
        threads.setDaemon(true);
        server = new Server(threads);
        HttpConfiguration http = new HttpConfiguration();
        http.setRequestHeaderSize(MAX_HEADER_BYTES);
        http.setSendServerVersion(false);
        connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(http));
        connector.setHost(config.bind());
        connector.setPort(config.port());
        connector.setIdleTimeout(config.idleTimeout().toMillis());
        server.addConnector(connector);
        server.addBean(new NetworkConnectionLimit(MAX_CONNECTIONS, connector));
        server.setHandler(new AdminHandler(config, api, telemetry, virtualThreads));
        server.setStopTimeout(0);
    }

    /// @throws IOException the address cannot be taken
    public void start() throws IOException {
        try {
            server.start();
        } catch (Exception e) {
            Throwable cause = e instanceof IOException && e.getCause() != null ? e.getCause() : e;
            throw new IOException("the admin address cannot be taken: " + cause.getMessage(), e);
        }
    }

    /// The port that is listened on, from [#start] on.
    public int port() {
        return connector.getLocalPort();
    }

    /// Cuts whatever is under way.
    @Override
    public void close() {
        try {
            server.stop();
        } catch (Exception e) {
            throw new IllegalStateException("the admin address cannot be given back", e);
        }
    }
}
