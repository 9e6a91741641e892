package io.openwit.server;

import io.openwit.gateway.Token;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `token create`.
@Command(
        name = "token",
        description = "Makes tokens for clients and nodes.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = TokenCommand.Create.class)
final class TokenCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "token needs a command: create");
    }

    /// `token create --tenant T [--signals logs,traces]`.
    @Command(
            name = "create",
            description = {
                "Prints a token, once, and below it the line for the tokens file.",
                "The file holds only the token's hash, so keep the token."
            },
            mixinStandardHelpOptions = true)
    static final class Create implements Callable<Integer> {
        private static final int TOKEN_BYTES = 32;
        private static final int NAME_BYTES = 4;

        @Spec
        private CommandSpec spec;

        @Option(names = "--tenant", required = true, paramLabel = "T", description = "Whose rows it writes and reads.")
        private String tenant;

        @Option(
                names = "--signals",
                split = ",",
                paramLabel = "SIGNAL",
                description = "What it may send: logs, traces, metrics. Default: all.")
        private List<String> signals = List.of();

        @Override
        public Integer call() throws CommandException {
            TenantId owner;
            Set<Signal> allowed = EnumSet.noneOf(Signal.class);
            try {
                owner = new TenantId(tenant);
                signals.forEach(signal -> allowed.add(Signal.ofLabel(signal.strip())));
            } catch (IllegalArgumentException e) {
                throw CommandException.usage(String.valueOf(e.getMessage()), e);
            }
            if (allowed.isEmpty()) {
                allowed.addAll(EnumSet.allOf(Signal.class));
            }
            SecureRandom random = new SecureRandom();
            byte[] secret = new byte[TOKEN_BYTES];
            random.nextBytes(secret);
            byte[] name = new byte[NAME_BYTES];
            random.nextBytes(name);
            String token = "owt_" + Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
            var out = spec.commandLine().getOut();
            out.println(token);
            out.println(line(owner + "-" + HexFormat.of().formatHex(name), token, owner, allowed));
            return ExitCode.DONE;
        }

        private static String line(String id, String token, TenantId tenant, Set<Signal> signals) {
            return "  - {id: " + id + ", sha256: " + Token.sha256Of(token) + ", tenant: " + tenant + ", signals: ["
                    + signals.stream().map(Signal::label).collect(Collectors.joining(", ")) + "]}";
        }
    }
}
