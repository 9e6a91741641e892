package io.openwit.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.openwit.gateway.Token;
import io.openwit.gateway.TokenSet;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class MainTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int openwit(String... arguments) {
        return Main.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
    }

    @Test
    void everyCommandSaysWhatItTakes() {
        for (CommandLine command : all(Main.commandLine())) {
            String[] name = command.getCommandSpec().qualifiedName(" ").split(" ");
            name[0] = "--verbose";
            List<String> arguments = new ArrayList<>(List.of(name));
            arguments.add("--help");

            assertThat(openwit(arguments.toArray(String[]::new))).as(arguments.toString()).isZero();
            assertThat(out.toString()).contains("Usage: openwit");
            assertThat(command.getCommandSpec().usageMessage().description()).isNotEmpty();
        }
    }

    private static List<CommandLine> all(CommandLine root) {
        List<CommandLine> commands = new ArrayList<>();
        for (CommandLine command : root.getSubcommands().values()) {
            commands.add(command);
            commands.addAll(all(command));
        }
        return commands;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nonsense",
                "run --nonsense",
                "run --set",
                "config",
                "config check",
                "wal verify /no/such/directory",
                "archive",
                "archive ls /no/such/directory",
                "archive verify . --day yesterday",
                "archive ls . --signal logz",
                "archive restore .",
                "archive restore . --endpoint http://h:1",
                "archive restore . --endpoint grpc://h:1 --from noon",
                "token create",
                "token create --tenant ../x",
                "token create --tenant a --signals logz",
                "load",
                "load --target nowhere",
                "load --target h:1 --protocol kafka",
                "load --target h:1 --rate fast",
                "load --target h:1 --duration 10",
                "query",
                "query --format xml x",
                "batch nonsense",
                "demo --seconds 0",
                "config show --config /no/such/file"
            })
    void badUsageIsOneLineAndExitCodeTwo(String line) {
        int code = openwit(line.isEmpty() ? new String[0] : line.split(" "));

        assertThat(code).isEqualTo(ExitCode.USAGE);
        assertThat(err.toString().lines()).hasSize(1).first().asString().startsWith("openwit: ");
    }

    @Test
    void nobodyAtTheAdminAddressIsAFailureThatSaysWhatToDo() {
        int code = openwit("query", "--url", "http://127.0.0.1:1", "select 1");

        assertThat(code).isEqualTo(ExitCode.FAILED);
        assertThat(err.toString()).contains("http://127.0.0.1:1").contains("is a node running there?");
        assertThat(err.toString().lines()).hasSize(1);
    }

    @Test
    void aTokenIsPrintedOnceWithALineThatTheTokensFileTakes() throws Exception {
        assertThat(openwit("token", "create", "--tenant", "acme", "--signals", "logs,traces")).isZero();

        List<String> lines = out.toString().lines().toList();
        assertThat(lines).hasSize(2);
        TokenSet tokens = new TokensFileParser().parse("tokens:\n" + lines.get(1) + "\n");
        Token token = tokens.tokens().getFirst();
        assertThat(token.sha256()).isEqualTo(Token.sha256Of(lines.getFirst()));
        assertThat(token.tenant().value()).isEqualTo("acme");
        assertThat(token.signals()).hasSize(2);
        assertThat(lines.get(1)).doesNotContain(lines.getFirst());
    }

    @Test
    void configCheckNamesEveryMistakeAndConfigShowEveryOrigin(@TempDir Path directory) throws IOException {
        Path wrong = Files.writeString(directory.resolve("wrong.yaml"), "nod: 1\nadmin: {port: x}\n");
        Path right = Files.writeString(
                directory.resolve("right.yaml"),
                "admin:\n  port: 1\nmetastore: {postgres: {connection_string: postgresql://u:hush@h/d}}\n");

        assertThat(openwit("config", "check", wrong.toString())).isEqualTo(ExitCode.USAGE);
        assertThat(err.toString().lines()).hasSize(2);
        assertThat(openwit("config", "check", right.toString())).isZero();
        assertThat(openwit("config", "show", "--config", right.toString())).isZero();
        assertThat(out.toString())
                .containsPattern("admin\\.port: 1 +# " + right + ":2")
                .containsPattern("admin\\.bind: 127\\.0\\.0\\.1 +# default")
                .doesNotContain("hush");
    }

    @Test
    void theScriptIsPosixShell() throws Exception {
        Process check = new ProcessBuilder("sh", "-n", "openwit").redirectErrorStream(true).start();

        assertThat(new String(check.getInputStream().readAllBytes())).isEmpty();
        assertThat(check.waitFor()).isZero();
        assertThat(Files.isExecutable(Path.of("openwit"))).isTrue();
        assertThat(Files.readString(Path.of("openwit")))
                .contains(JvmFlags.OPEN_NIO, JvmFlags.UNSAFE_MEMORY, JvmFlags.NATIVE_ACCESS,
                        "-XX:+ExitOnOutOfMemoryError");
    }
}
