package io.openwit.server;

import io.openwit.server.YamlValue.Empty;
import io.openwit.server.YamlValue.Field;
import io.openwit.server.YamlValue.Fields;
import io.openwit.server.YamlValue.Items;
import io.openwit.server.YamlValue.Text;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/// Reads one YAML document and expands `${VAR}` and `${VAR:-default}` in its scalars; `$${` stands for `${`.
///
/// The environment is asked after the document has been parsed, so that no variable can change its structure.
final class YamlReader {
    private static final int MAX_DEPTH = 64;
    private static final int MAX_VALUES = 100_000;
    private static final Pattern VARIABLE =
            Pattern.compile("\\$\\$\\{|\\$\\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?}|\\$\\{");

    private final Function<String, @Nullable String> environment;
    private int values;

    private YamlReader(Function<String, @Nullable String> environment) {
        this.environment = environment;
    }

    /// @param environment the value of a variable, null where there is none
    /// @return what the document holds; *Empty* where it holds nothing
    /// @throws YamlException with the line of the mistake
    static YamlValue read(String text, Function<String, @Nullable String> environment) throws YamlException {
        Optional<Node> root;
        try {
            LoadSettings settings = LoadSettings.builder().setUseMarks(true).build();
            root = new Compose(settings).composeString(text);
        } catch (MarkedYamlEngineException e) {
            throw new YamlException(
                    e.getProblemMark().map(mark -> mark.getLine() + 1).orElse(0), "not YAML: "
                            + oneLine(e.getProblem()));
        } catch (YamlEngineException e) {
            throw new YamlException(0, "not YAML: " + oneLine(e.getMessage()));
        }
        YamlReader reader = new YamlReader(environment);
        return root.isPresent() ? reader.value(root.get(), 0) : new Empty(1);
    }

    private YamlValue value(Node node, int depth) throws YamlException {
        int line = line(node);
        if (depth > MAX_DEPTH || ++values > MAX_VALUES) {
            throw new YamlException(
                    line, "more than " + MAX_DEPTH + " levels or " + MAX_VALUES + " values, as anchors may make them");
        }
        return switch (node) {
            case ScalarNode scalar -> scalar(scalar, line);
            case SequenceNode sequence -> {
                List<YamlValue> items = new ArrayList<>();
                for (Node item : sequence.getValue()) {
                    items.add(value(item, depth + 1));
                }
                yield new Items(List.copyOf(items), line);
            }
            case MappingNode mapping -> {
                Map<String, Field> fields = new LinkedHashMap<>();
                for (NodeTuple tuple : mapping.getValue()) {
                    addField(tuple, depth, fields);
                }
                yield new Fields(fields, line);
            }
            default -> throw new YamlException(line, "not a value, a list or a section");
        };
    }

    private void addField(NodeTuple tuple, int depth, Map<String, Field> fields) throws YamlException {
        int line = line(tuple.getKeyNode());
        if (!(tuple.getKeyNode() instanceof ScalarNode name)) {
            throw new YamlException(line, "a key is a plain name");
        }
        Field before = fields.putIfAbsent(name.getValue(), new Field(value(tuple.getValueNode(), depth + 1), line));
        if (before != null) {
            throw new YamlException(line, name.getValue() + " stands twice, first in line " + before.line());
        }
    }

    private YamlValue scalar(ScalarNode scalar, int line) throws YamlException {
        if (scalar.getTag().equals(Tag.NULL)) {
            return new Empty(line);
        }
        return new Text(expanded(scalar.getValue(), line), line);
    }

    private String expanded(String text, int line) throws YamlException {
        Matcher variable = VARIABLE.matcher(text);
        StringBuilder out = new StringBuilder();
        while (variable.find()) {
            variable.appendReplacement(out, Matcher.quoteReplacement(value(variable, line)));
        }
        return variable.appendTail(out).toString();
    }

    private String value(Matcher variable, int line) throws YamlException {
        if (variable.group().equals("$${")) {
            return "${";
        }
        String name = variable.group(1);
        if (name == null) {
            throw new YamlException(line, "${ begins no variable: write ${NAME}, ${NAME:-default}, or $${ for itself");
        }
        String value = environment.apply(name);
        String fallback = variable.group(2);
        // As in a shell: the default stands for an empty variable too.
        if (fallback != null && (value == null || value.isEmpty())) {
            return fallback;
        }
        if (value == null) {
            throw new YamlException(
                    line, "the environment variable " + name + " is not set (${" + name
                            + ":-default} gives it a default)");
        }
        return value;
    }

    private static int line(Node node) {
        return node.getStartMark().map(Mark::getLine).orElse(-1) + 1;
    }

    private static String oneLine(@Nullable String text) {
        return text == null ? "unknown mistake" : text.strip().replaceAll("\\s+", " ");
    }
}
