package io.openwit.storage;

import static io.openwit.storage.QueryFailedException.Reason.FORBIDDEN;
import static io.openwit.storage.QueryFailedException.Reason.INVALID;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import io.openwit.model.Signal;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Lets pass what reads the three views and nothing else.
///
/// It judges the tree that the engine's own parser made of the text (`json_serialize_sql`), so no text can mean one
/// thing
/// here and another there. Tables, table functions and kinds of nodes are allowed by name; what is not known is
/// refused.
/// Behind it stand the engine's own locks, and the views, which hold no other tenant's rows.
///
/// Not bounded is the size of a single value, which an expression can make as large as memory.
final class SqlGuard {
    private static final Set<String> TABLE_FUNCTIONS = Set.of("range", "generate_series", "unnest");

    /// Functions that read or change something besides their arguments, take apart what the engine trusts (states of
    /// aggregates), or make one huge value from a small number.
    private static final Pattern FORBIDDEN_FUNCTIONS = Pattern.compile("pg_.*|has_.*_privilege|inet_.*|duckdb_.*"
            + "|getenv|getvariable|current_setting|nextval|currval|setval|setseed|write_log|sleep_ms|query|query_table"
            + "|json_execute_serialized_sql|json_serialize_plan|json_deserialize_sql|read_.*|glob|sniff_.*|parquet_.*"
            + "|col_description|obj_description|shobj_description|get_block_size|current_schemas|in_search_path"
            + "|finalize|combine|combine_aggr|to_aggregate_state|variant_bytes_to_variant|variant_to_parquet_variant"
            + "|repeat|lpad|rpad|range|generate_series|list_resize|array_resize|bitstring|reduce|list_reduce"
            + "|array_reduce");

    private static final Set<String> NODES = Set.of(
            "SELECT_NODE",
            "SET_OPERATION_NODE",
            "RECURSIVE_CTE_NODE",
            "BASE_TABLE",
            "SUBQUERY",
            "JOIN",
            "TABLE_FUNCTION",
            "EXPRESSION_LIST",
            "EMPTY",
            "SHOW_REF",
            "ORDER_MODIFIER",
            "LIMIT_MODIFIER",
            "LIMIT_PERCENT_MODIFIER",
            "DISTINCT_MODIFIER",
            "ORDER_DEFAULT",
            "ASCENDING",
            "DESCENDING");

    /// Of the parsed statement. The guard calls itself for each level, and has to fit into any thread's stack while it is
    /// still interpreted, with frames of the largest kind.
    private static final int MAX_NESTING = 600;

    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_NESTING)
                    .maxStringLength(1 << 20)
                    .build())
            .build();

    private final Set<Signal> signals = EnumSet.noneOf(Signal.class);

    private SqlGuard() {}

    /// @param serialized what `json_serialize_sql` says of the statement
    /// @return the views that it reads
    /// @throws QueryFailedException INVALID: it is no SQL; FORBIDDEN: it reaches for something else
    static Set<Signal> viewsOf(String serialized) throws QueryFailedException {
        Map<?, ?> tree = parse(serialized);
        if (Boolean.TRUE.equals(tree.get("error"))) {
            String type = text(tree, "error_type");
            if (type.equals("not implemented")) {
                throw forbidden("only SELECT is answered here");
            }
            throw new QueryFailedException(INVALID, oneLine(text(tree, "error_message")));
        }
        if (!(tree.get("statements") instanceof List<?> statements) || statements.size() != 1) {
            throw new QueryFailedException(INVALID, "one statement at a time");
        }
        SqlGuard guard = new SqlGuard();
        guard.walk(statements.getFirst(), "", Set.of());
        return guard.signals;
    }

    private static Map<?, ?> parse(String serialized) throws QueryFailedException {
        try (JsonParser in = JSON.createParser(serialized)) {
            in.nextToken();
            if (read(in) instanceof Map<?, ?> tree) {
                return tree;
            }
            throw new QueryFailedException(INVALID, "the statement cannot be read");
        } catch (IOException e) {
            throw new QueryFailedException(INVALID, "the statement is nested too deeply, or has too long a text", e);
        }
    }

    private static @Nullable Object read(JsonParser in) throws IOException {
        return switch (in.currentToken()) {
            case START_OBJECT -> {
                Map<String, @Nullable Object> object = new LinkedHashMap<>();
                while (in.nextToken() == JsonToken.FIELD_NAME) {
                    String name = in.currentName();
                    in.nextToken();
                    object.put(name, read(in));
                }
                yield object;
            }
            case START_ARRAY -> {
                List<@Nullable Object> array = new ArrayList<>();
                while (in.nextToken() != JsonToken.END_ARRAY) {
                    array.add(read(in));
                }
                yield array;
            }
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            default -> in.getText();
        };
    }

    /// @param under the name under which the value stands in its parent
    /// @param tables names of common table expressions that are visible here
    private void walk(@Nullable Object value, String under, Set<String> tables) throws QueryFailedException {
        switch (value) {
            case Map<?, ?> node -> walkNode(node, under, tables);
            case List<?> list -> {
                for (Object item : list) {
                    walk(item, under, tables);
                }
            }
            case null, default -> {}
        }
    }

    private void walkNode(Map<?, ?> node, String under, Set<String> tables) throws QueryFailedException {
        String type = text(node, "type");
        boolean expression = node.containsKey("class");
        if (!expression && !type.isEmpty() && !NODES.contains(type)) {
            throw forbidden("this form of query is not answered here: " + type.toLowerCase(Locale.ROOT));
        }
        if (expression) {
            judgeExpression(node, under);
        } else {
            judgeTable(node, type, tables);
        }
        Set<String> visible = tables;
        if (type.equals("RECURSIVE_CTE_NODE")) {
            visible = with(visible, text(node, "cte_name"));
        }
        if (node.get("cte_map") instanceof Map<?, ?> map && map.get("map") instanceof List<?> entries) {
            // One after the other: an expression sees those before it, and what follows sees all.
            for (Object entry : entries) {
                if (entry instanceof Map<?, ?> named) {
                    walk(named.get("value"), "value", visible);
                    visible = with(visible, text(named, "key"));
                }
            }
        }
        for (Map.Entry<?, ?> member : node.entrySet()) {
            String name = String.valueOf(member.getKey());
            if (!name.equals("cte_map")) {
                walk(member.getValue(), name, visible);
            }
        }
    }

    private void judgeTable(Map<?, ?> node, String type, Set<String> tables) throws QueryFailedException {
        switch (type) {
            case "BASE_TABLE" -> judgeName(node, tables);
            case "TABLE_FUNCTION" -> {
                if (!(node.get("function") instanceof Map<?, ?> function)
                        || !text(function, "class").equals("FUNCTION")
                        || isQualified(function)
                        || !TABLE_FUNCTIONS.contains(text(function, "function_name").toLowerCase(Locale.ROOT))) {
                    throw forbidden("table functions besides range, generate_series and unnest are not answered here");
                }
            }
            case "SHOW_REF" -> {
                if (!(node.get("query") instanceof Map<?, ?>)) {
                    throw forbidden("SHOW is not answered here; DESCRIBE logs, traces or metrics is");
                }
            }
            default -> {}
        }
    }

    private void judgeName(Map<?, ?> node, Set<String> tables) throws QueryFailedException {
        String name = text(node, "table_name").toLowerCase(Locale.ROOT);
        if (isQualified(node) || node.get("at_clause") != null) {
            throw forbidden("there is no table " + oneLine(name) + " in that place: logs, traces and metrics are all");
        }
        if (tables.contains(name)) {
            return;
        }
        for (Signal signal : Signal.values()) {
            if (signal.label().equals(name)) {
                signals.add(signal);
                return;
            }
        }
        throw forbidden("there is no table " + oneLine(name) + ": logs, traces and metrics are all");
    }

    /// Table functions come here as well, with their arguments.
    private static void judgeExpression(Map<?, ?> node, String under) throws QueryFailedException {
        switch (text(node, "class")) {
            case "FUNCTION", "WINDOW" -> {
                String name = text(node, "function_name").toLowerCase(Locale.ROOT);
                boolean ofTable = under.equals("function") && TABLE_FUNCTIONS.contains(name);
                if (isQualified(node) || (!ofTable && FORBIDDEN_FUNCTIONS.matcher(name).matches())) {
                    throw forbidden("the function " + oneLine(name) + " is not answered here");
                }
                if (Boolean.TRUE.equals(node.get("export_state"))) {
                    throw forbidden("EXPORT_STATE is not answered here");
                }
            }
            case "PARAMETER" -> throw new QueryFailedException(INVALID, "parameters have no value here");
            case "STAR", "CONSTANT", "COLUMN_REF", "SUBQUERY", "LAMBDA", "LAMBDA_REF", "CAST", "COMPARISON",
                    "CONJUNCTION", "OPERATOR", "CASE", "BETWEEN", "COLLATE", "POSITIONAL_REFERENCE", "TYPE", "DEFAULT" -> {}
            default -> throw forbidden("this form of expression is not answered here: "
                    + text(node, "class").toLowerCase(Locale.ROOT));
        }
    }

    private static boolean isQualified(Map<?, ?> node) {
        boolean longPath = node.get("qualified_name") instanceof Map<?, ?> qualified
                && qualified.get("path") instanceof List<?> path
                && path.size() > 1;
        String schema = text(node, "schema_name") + text(node, "schema");
        String catalog = text(node, "catalog_name") + text(node, "catalog");
        return longPath || !schema.isEmpty() || !catalog.isEmpty();
    }

    private static Set<String> with(Set<String> names, String name) {
        Set<String> more = new HashSet<>(names);
        more.add(name.toLowerCase(Locale.ROOT));
        return more;
    }

    private static String text(Map<?, ?> node, String name) {
        return node.get(name) instanceof String text ? text : "";
    }

    private static QueryFailedException forbidden(String why) {
        return new QueryFailedException(FORBIDDEN, why);
    }

    static String oneLine(String message) {
        String line = message.lines().findFirst().orElse("").replaceAll("\\p{Cntrl}", " ");
        return line.length() <= 300 ? line : line.substring(0, 300) + "…";
    }
}
