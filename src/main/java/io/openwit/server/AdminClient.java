package io.openwit.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonParseException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Asks a node's admin address, for the commands that do.
final class AdminClient implements AutoCloseable {
    static final String DEFAULT_URL = "http://127.0.0.1:9600";

    private static final int OK = 200;
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
    private static final int MAX_ERROR_BYTES = 1 << 16;

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_TIMEOUT)
            .build();
    private final URI url;
    private final Optional<String> token;

    /// @throws CommandException the URL is none
    AdminClient(String url, Optional<String> token) throws CommandException {
        try {
            this.url = URI.create(url.contains("://") ? url : "http://" + url);
        } catch (IllegalArgumentException e) {
            throw CommandException.usage("--url is to be like " + DEFAULT_URL + ", and not " + url, e);
        }
        if (this.url.getHost() == null) {
            throw CommandException.usage("--url is to be like " + DEFAULT_URL + ", and not " + url);
        }
        this.token = token;
    }

    /// @throws CommandException the node cannot be reached, or refuses; its words are the message
    Map<String, @Nullable Object> get(String path) throws CommandException, InterruptedException {
        try (InputStream body = send(HttpRequest.newBuilder().GET(), path)) {
            return JsonObject.read(body);
        } catch (IOException e) {
            throw broken(e);
        }
    }

    /// Copies the answer to `out`.
    ///
    /// @throws CommandException as [#get]; or the answer broke off
    void query(String sql, String format, OutputStream out) throws CommandException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder().POST(BodyPublishers.ofString(sql, UTF_8));
        try (InputStream body = send(request, "/api/query?format=" + format)) {
            body.transferTo(out);
            out.flush();
        } catch (IOException e) {
            throw broken(e);
        }
    }

    private InputStream send(HttpRequest.Builder request, String path) throws CommandException, InterruptedException {
        token.ifPresent(value -> request.header("Authorization", "Bearer " + value));
        HttpResponse<InputStream> response;
        try {
            response = http.send(request.uri(url.resolve(path)).build(), BodyHandlers.ofInputStream());
        } catch (IOException e) {
            throw CommandException.failed(
                    "no answer from " + url + " (" + words(e) + "): is a node running there? --url names another", e);
        }
        if (response.statusCode() == OK) {
            return response.body();
        }
        throw refused(response);
    }

    private CommandException refused(HttpResponse<InputStream> response) {
        String said = "";
        try (InputStream body = response.body()) {
            byte[] bytes = body.readNBytes(MAX_ERROR_BYTES);
            said = new String(bytes, UTF_8);
            said = String.valueOf(JsonObject.read(new ByteArrayInputStream(bytes)).getOrDefault("error", said));
        } catch (JsonParseException e) {
            // Not one of our nodes: what it says is shown as it is.
            return CommandException.failed(url + " answered " + response.statusCode() + ": " + said, e);
        } catch (IOException e) {
            return CommandException.failed(url + " answered " + response.statusCode(), e);
        }
        return CommandException.failed(said);
    }

    private CommandException broken(IOException e) {
        return CommandException.failed("the answer from " + url + " broke off: " + words(e), e);
    }

    private static String words(IOException e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    @Override
    public void close() {
        http.close();
    }
}
