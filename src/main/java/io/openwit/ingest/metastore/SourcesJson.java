package io.openwit.ingest.metastore;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.openwit.model.BatchHeader.SourceRange;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/// Where the rows of a batch came from, as the column `sources` holds it:
/// `[{"topic":"otlp_logs","partition":7,"first":100,"last":228}]`.
final class SourcesJson {
    private static final JsonFactory JSON = new JsonFactory();

    private SourcesJson() {}

    static String write(List<SourceRange> sources) {
        if (sources.isEmpty()) {
            return "[]";
        }
        StringWriter text = new StringWriter();
        try (JsonGenerator out = JSON.createGenerator(text)) {
            out.writeStartArray();
            for (SourceRange source : sources) {
                out.writeStartObject();
                // Postgres takes no NUL in JSON; a topic that has one is not Kafka's.
                out.writeStringField("topic", source.topic().replace('\0', '\uFFFD'));
                out.writeNumberField("partition", source.partition());
                out.writeNumberField("first", source.first());
                out.writeNumberField("last", source.last());
                out.writeEndObject();
            }
            out.writeEndArray();
        } catch (IOException e) {
            throw new UncheckedIOException("a string cannot fail", e);
        }
        return text.toString();
    }

    static List<SourceRange> parse(String text) {
        List<SourceRange> sources = new ArrayList<>();
        try (JsonParser in = JSON.createParser(text)) {
            in.nextToken();
            while (in.nextToken() == JsonToken.START_OBJECT) {
                sources.add(parseOne(in));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the column sources holds no JSON of ours", e);
        }
        return sources;
    }

    private static SourceRange parseOne(JsonParser in) throws IOException {
        String topic = "";
        int partition = 0;
        long first = 0;
        long last = 0;
        while (in.nextToken() == JsonToken.FIELD_NAME) {
            String name = in.currentName();
            in.nextToken();
            switch (name) {
                case "topic" -> topic = in.getText();
                case "partition" -> partition = in.getIntValue();
                case "first" -> first = in.getLongValue();
                case "last" -> last = in.getLongValue();
                default -> in.skipChildren();
            }
        }
        return new SourceRange(topic, partition, first, last);
    }
}
