package io.openwit.console;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonGenerator;
import io.openwit.console.AdminApi.BatchPage;
import io.openwit.console.AdminApi.Format;
import io.openwit.console.AdminApi.Viewer;
import io.openwit.model.BatchId;
import io.openwit.telemetry.Telemetry;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Fields;
import org.jspecify.annotations.Nullable;

/// Serves the paths of the admin address. Thread-safe; each request has a virtual thread of its own.
final class AdminHandler extends Handler.Abstract.NonBlocking {
    private static final Logger LOG = Logger.getLogger(AdminHandler.class.getName());
    private static final String JSON_TYPE = "application/json";
    private static final String BATCHES = "/api/batches/";

    private final AdminConfig config;
    private final AdminApi api;
    private final Telemetry telemetry;
    private final Executor virtualThreads;
    private final Semaphore slots;
    private final ExpositionFormats formats = ExpositionFormats.init();

    AdminHandler(AdminConfig config, AdminApi api, Telemetry telemetry, Executor virtualThreads) {
        this.config = config;
        this.api = api;
        this.telemetry = telemetry;
        this.virtualThreads = virtualThreads;
        slots = new Semaphore(config.maxRequests());
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        virtualThreads.execute(() -> serve(request, response, callback));
        return true;
    }

    private void serve(Request request, Response response, Callback callback) {
        if (!slots.tryAcquire()) {
            error(response, callback, HttpStatus.SERVICE_UNAVAILABLE_503, "too many requests are under way");
            return;
        }
        try {
            // A query may compute for longer than a connection may idle.
            request.addIdleTimeoutListener(timeout -> false);
            route(request, response, callback);
        } catch (IOException e) {
            LOG.log(Level.FINE, "admin request ended by its client", e);
            callback.failed(e);
        } catch (RuntimeException | Error e) {
            LOG.log(Level.SEVERE, "admin request failed: path=" + Request.getPathInContext(request), e);
            if (response.isCommitted()) {
                callback.failed(e);
            } else {
                error(response, callback, HttpStatus.INTERNAL_SERVER_ERROR_500,
                        "an internal error, which the node has logged");
            }
        } finally {
            slots.release();
        }
    }

    private void route(Request request, Response response, Callback callback) throws IOException {
        String path = Request.getPathInContext(request);
        String method = path.equals("/api/query") ? "POST" : "GET";
        if (!request.getMethod().equals(method) && !(method.equals("GET") && request.getMethod().equals("HEAD"))) {
            response.getHeaders().put(HttpHeader.ALLOW, method);
            error(response, callback, HttpStatus.METHOD_NOT_ALLOWED_405, "only " + method + " is served here");
            return;
        }
        switch (path) {
            case "/metrics" -> metrics(request, response, callback);
            case "/health/live" -> json(response, callback, HttpStatus.OK_200, Map.of("live", true));
            case "/health/ready" -> ready(response, callback);
            case "/api/query" -> query(request, response, callback);
            default -> {
                if (path.startsWith(BATCHES) && path.length() > BATCHES.length()) {
                    batch(path.substring(BATCHES.length()), request, response, callback);
                } else {
                    error(response, callback, HttpStatus.NOT_FOUND_404,
                            "no such path: /metrics, /health/live, /health/ready,"
                            + " /api/batches/ID or /api/query");
                }
            }
        }
    }

    private void metrics(Request request, Response response, Callback callback) throws IOException {
        if (!config.metrics()) {
            error(response, callback, HttpStatus.NOT_FOUND_404, "observability.prometheus.enabled is false");
            return;
        }
        ExpositionFormatWriter writer =
                formats.findWriter(request.getHeaders().get(HttpHeader.ACCEPT));
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        writer.write(body, telemetry.metrics().registry.scrape());
        send(response, callback, HttpStatus.OK_200, writer.getContentType(), body.toByteArray());
    }

    private void ready(Response response, Callback callback) throws IOException {
        NodeStatus status = api.status().get();
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("ready", status.ready());
        fields.put("node", status.node());
        fields.put("role", status.role());
        fields.put("doors", status.doors());
        fields.put("sync_on_write", status.syncOnWrite());
        List<Map<String, String>> alarms = new ArrayList<>();
        telemetry.alarms().standing().forEach((name, detail) -> {
            Map<String, String> alarm = new LinkedHashMap<>();
            alarm.put("name", name);
            alarm.put("detail", detail);
            alarms.add(alarm);
        });
        fields.put("alarms", alarms);
        json(response, callback, status.ready() ? HttpStatus.OK_200 : HttpStatus.SERVICE_UNAVAILABLE_503, fields);
    }

    private void batch(String text, Request request, Response response, Callback callback) throws IOException {
        Optional<Viewer> viewer = viewer(request, response, callback);
        if (viewer.isEmpty()) {
            return;
        }
        BatchId id;
        try {
            id = BatchId.parse(text);
        } catch (IllegalArgumentException e) {
            error(response, callback, HttpStatus.BAD_REQUEST_400, String.valueOf(e.getMessage()));
            return;
        }
        if (api.batches().isEmpty()) {
            error(response, callback, HttpStatus.NOT_FOUND_404,
                    "this node keeps no metadata of batches: ask an ingest node");
            return;
        }
        Optional<BatchPage> page;
        try {
            page = api.batches().get().find(id).filter(found -> viewer.get().maySee(found.tenant()));
        } catch (IOException e) {
            error(response, callback, HttpStatus.SERVICE_UNAVAILABLE_503, String.valueOf(e.getMessage()));
            return;
        }
        if (page.isEmpty()) {
            // Another tenant's batch is not told from one that does not exist.
            error(response, callback, HttpStatus.NOT_FOUND_404, "no batch " + id + " is known (yet)");
        } else {
            json(response, callback, HttpStatus.OK_200, page.get().fields());
        }
    }

    private void query(Request request, Response response, Callback callback) throws IOException {
        Optional<Viewer> viewer = viewer(request, response, callback);
        if (viewer.isEmpty()) {
            return;
        }
        if (api.queries().isEmpty()) {
            error(response, callback, HttpStatus.NOT_FOUND_404, "this node has no storage: ask a storage node");
            return;
        }
        Fields parameters = Request.extractQueryParameters(request);
        String formatName = Optional.ofNullable(parameters.getValue("format")).orElse("json");
        Optional<Format> format = Format.of(formatName);
        if (format.isEmpty()) {
            error(response, callback, HttpStatus.BAD_REQUEST_400, "format is to be json, csv or table");
            return;
        }
        Optional<String> sql = body(request);
        if (sql.isEmpty()) {
            error(response, callback, HttpStatus.PAYLOAD_TOO_LARGE_413, "a query has at most " + config.maxBodyBytes()
                    + " bytes");
            return;
        }
        HeldOutput out = new HeldOutput(response, format.get().contentType());
        try {
            Writer text = new OutputStreamWriter(out, UTF_8);
            api.queries().get().query(sql.get(), viewer.get(), format.get(), text);
            text.flush();
            out.send();
            callback.succeeded();
        } catch (QueryRefusedException e) {
            if (out.begun()) {
                // The status has gone: an answer that breaks off must not look complete.
                callback.failed(e);
                return;
            }
            if (e.status() == HttpStatus.SERVICE_UNAVAILABLE_503) {
                response.getHeaders().put(HttpHeader.RETRY_AFTER, "1");
            }
            error(response, callback, e.status(), String.valueOf(e.getMessage()));
        }
    }

    /// The body as text; empty where it is too large.
    private Optional<String> body(Request request) throws IOException {
        try (InputStream in = Content.Source.asInputStream(request)) {
            byte[] bytes = in.readNBytes(config.maxBodyBytes() + 1);
            return bytes.length > config.maxBodyBytes() ? Optional.empty() : Optional.of(new String(bytes, UTF_8));
        }
    }

    /// Empty: the answer has been given.
    private Optional<Viewer> viewer(Request request, Response response, Callback callback) {
        Optional<Viewer> viewer = api.viewers().find(name -> request.getHeaders().get(name));
        if (viewer.isEmpty()) {
            response.getHeaders().put(HttpHeader.WWW_AUTHENTICATE, "Bearer");
            error(response, callback, HttpStatus.UNAUTHORIZED_401, "a token is needed: Authorization: Bearer TOKEN");
        }
        return viewer;
    }

    private static void json(Response response, Callback callback, int status, Map<String, ?> fields)
            throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        try (JsonGenerator out = JsonWriter.generator(body)) {
            out.useDefaultPrettyPrinter();
            JsonWriter.write(out, fields);
        }
        body.write('\n');
        send(response, callback, status, JSON_TYPE, body.toByteArray());
    }

    private static void error(Response response, Callback callback, int status, String message) {
        try {
            json(response, callback, status, Map.of("error", message));
        } catch (IOException e) {
            callback.failed(e);
        }
    }

    private static void send(Response response, Callback callback, int status, String contentType, byte[] body) {
        response.setStatus(status);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, contentType);
        response.getHeaders().put(HttpHeader.CONTENT_LENGTH, body.length);
        response.write(true, ByteBuffer.wrap(body), callback);
    }
}
