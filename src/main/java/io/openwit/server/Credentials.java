package io.openwit.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.openwit.console.AdminApi.Viewer;
import io.openwit.gateway.TokenFile;
import io.openwit.gateway.Tokens;
import io.openwit.gateway.TokensFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Who may use which door of this node. Each tokens file is read once, and watched by a loop of its own.
final class Credentials {
    private static final String BEARER = "Bearer ";
    private static final int TOKEN_BYTES = 32;
    private static final String OWN_TOKEN_FILE = "handoff.token";

    private final Wiring wiring;
    private final Map<Path, TokenFile> files = new HashMap<>();

    Credentials(Wiring wiring) {
        this.wiring = wiring;
    }

    /// The tokens of clients; empty where authentication is off, or this role has no clients.
    ///
    /// @throws CommandException the tokens file has a mistake
    Optional<Tokens> ofClients() throws CommandException {
        Optional<Path> file = wiring.get(ConfigKeys.TOKENS_FILE);
        return wiring.get(ConfigKeys.AUTHENTICATION) && file.isPresent()
                ? Optional.of(watch(ConfigKeys.TOKENS_FILE, file.get()))
                : Optional.empty();
    }

    /// Whether a gateway may send sealed batches here. Where authentication is on and no node has a token, nobody may.
    ///
    /// @throws CommandException the tokens file has a mistake
    Predicate<String> ofGateways() throws CommandException {
        Optional<Path> file = wiring.get(ConfigKeys.INGEST_TOKENS);
        if (file.isPresent()) {
            Tokens tokens = watch(ConfigKeys.INGEST_TOKENS, file.get());
            return presented -> tokens.find(presented).isPresent();
        }
        boolean anybody = !wiring.get(ConfigKeys.AUTHENTICATION);
        return _ -> anybody;
    }

    /// Whether somebody may send batches to the storage here; empty where anybody may.
    ///
    /// @param own the token of this process's own handoff
    /// @throws CommandException the tokens file has a mistake
    Optional<Predicate<String>> ofSenders(Optional<String> own) throws CommandException {
        Optional<Path> file = wiring.get(ConfigKeys.STORAGE_TOKENS);
        if (file.isEmpty() && own.isEmpty()) {
            return Optional.empty();
        }
        Optional<Tokens> tokens = file.isPresent()
                ? Optional.of(watch(ConfigKeys.STORAGE_TOKENS, file.get()))
                : Optional.empty();
        return Optional.of(presented -> own.filter(token -> same(token, presented)).isPresent()
                || tokens.flatMap(known -> known.find(presented)).isPresent());
    }

    private static boolean same(String token, String presented) {
        return MessageDigest.isEqual(token.getBytes(UTF_8), presented.getBytes(UTF_8));
    }

    /// A token that only this process knows, drawn anew at each start, for its own handoff to its own storage; empty
    /// where the storage asks for none.
    Optional<String> drawOwn() {
        if (!wiring.get(ConfigKeys.AUTHENTICATION) && wiring.get(ConfigKeys.STORAGE_TOKENS).isEmpty()) {
            return Optional.empty();
        }
        byte[] secret = new byte[TOKEN_BYTES];
        wiring.random().nextBytes(secret);
        return Optional.of(Base64.getUrlEncoder().withoutPadding().encodeToString(secret));
    }

    /// Writes the token where the handoff reads it; nobody else may read the file.
    Path writeOwn(String token) throws IOException {
        Path file = wiring.directory().resolve(OWN_TOKEN_FILE);
        Files.deleteIfExists(file);
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        return Files.writeString(file, token);
    }

    /// What the admin address lets somebody see.
    ///
    /// @param header the value of a header, null where there is none
    /// @return empty where a token is needed
    static Optional<Viewer> viewer(
            Optional<Tokens> clients, String tokenHeader, Function<String, @Nullable String> header) {
        if (clients.isEmpty()) {
            return Optional.of(Viewer.EVERYTHING);
        }
        String authorization = header.apply("Authorization");
        String presented = authorization != null && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())
                ? authorization.substring(BEARER.length())
                : header.apply(tokenHeader);
        return presented == null
                ? Optional.empty()
                : clients.get().find(presented.strip()).map(token -> new Viewer(Optional.of(token.tenant())));
    }

    private TokenFile watch(ConfigKey<?> key, Path file) throws CommandException {
        TokenFile known = files.get(file);
        if (known != null) {
            return known;
        }
        try {
            TokenFile opened = TokenFile.open(
                    file, new TokensFileParser(), wiring.clocks(), wiring.telemetry().alarms());
            files.put(file, opened);
            wiring.loops().start("tokens-" + files.size(), opened);
            return opened;
        } catch (TokensFileException e) {
            throw CommandException.usage(key.name() + ": " + e.getMessage(), e);
        }
    }
}
