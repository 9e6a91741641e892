package io.openwit.pipeline;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;

/// Asks a node's storage by HTTP, as `openwit query` does.
record Sql(URI admin, String token) {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final ObjectMapper JSON = new ObjectMapper();

    static Sql of(NodeProcess node) {
        return new Sql(node.url("admin", ""), "");
    }

    /// The rows as JSON objects.
    List<JsonNode> rows(String sql) throws IOException, InterruptedException {
        HttpResponse<String> response = send(sql);
        if (response.statusCode() != 200) {
            throw new IOException(sql + " answered " + response.statusCode() + ": " + response.body());
        }
        List<JsonNode> rows = new ArrayList<>();
        JSON.readTree(response.body()).forEach(rows::add);
        return rows;
    }

    /// The one value of a query that gives one.
    long number(String sql) throws IOException, InterruptedException {
        return rows(sql).getFirst().elements().next().asLong();
    }

    HttpResponse<String> send(String sql) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(admin.resolve("/api/query?format=json"))
                .POST(HttpRequest.BodyPublishers.ofString(sql));
        if (!token.isEmpty()) {
            request.header("Authorization", "Bearer " + token);
        }
        return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
}
