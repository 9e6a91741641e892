package io.openwit.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.openwit.gateway.Authentication.Known;
import io.openwit.gateway.Authentication.Refused;
import io.openwit.gateway.GatewayFixture.Limits;
import io.openwit.model.Outcome.Refusal;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import io.openwit.telemetry.Telemetry;
import io.opentelemetry.api.OpenTelemetry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Who may write what: tokens, their file, and the headers that they come in.
class TokensTest {
    private static final TenantId ACME = new TenantId("acme");
    private static final Duration CHECK = Duration.ofNanos(TokenFile.CHECK_NANOS);

    @TempDir
    private Path dir;

    private final FakeClocks clocks = new FakeClocks();
    private final Telemetry telemetry = new Telemetry(clocks, OpenTelemetry.noop());
    private Path file;

    @BeforeEach
    void name() {
        file = dir.resolve("tokens.yaml");
    }

    @Test
    void aTokenIsFoundByItsHashAndByNothingElse() throws Exception {
        Tokens tokens = open("web-1 secret-1 acme", "web-2 secret-2 other");

        assertThat(tokens.find("secret-2")).hasValueSatisfying(token -> {
            assertThat(token.id()).isEqualTo("web-2");
            assertThat(token.tenant()).isEqualTo(new TenantId("other"));
        });
        assertThat(tokens.find("secret-3")).isEmpty();
        assertThat(tokens.find("")).isEmpty();
        assertThat(tokens.find(Token.sha256Of("secret-1"))).isEmpty();
        assertThat(tokens.find("x".repeat(Tokens.MAX_TOKEN_CHARS + 1))).isEmpty();
    }

    @Test
    void theHashIsSha256InHex() {
        // Source: FIPS 180-2, appendix B.1.
        assertThat(Token.sha256Of("abc"))
                .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    @Test
    void anExpiredTokenIsNotKnownAnyMore() {
        Instant expires = Instant.ofEpochSecond(0, FakeClocks.START_NANOS).plusSeconds(10);
        Token token = new Token("t", Token.sha256Of("s"), ACME, Set.of(Signal.LOGS), expires);

        assertThat(token.expiredAt(expires.minusNanos(1))).isFalse();
        assertThat(token.expiredAt(expires)).isTrue();
    }

    @Test
    void expiryIsJudgedByTheClockAtEachLookup() throws Exception {
        Tokens tokens = open("web-1 secret-1 acme " + Instant.ofEpochSecond(0, FakeClocks.START_NANOS).plusSeconds(10));
        assertThat(tokens.find("secret-1")).isPresent();

        clocks.advance(Duration.ofSeconds(10));

        assertThat(tokens.find("secret-1")).isEmpty();
    }

    @Test
    void aChangedFileIsReadAgainAfterASecond() throws Exception {
        TokenFile tokens = open("web-1 secret-1 acme");
        write("web-2 secret-2 acme", "web-3 secret-3 acme");

        assertThat(tokens.step()).isFalse();
        assertThat(tokens.find("secret-2")).isEmpty();
        clocks.advance(CHECK);
        assertThat(tokens.step()).isTrue();

        assertThat(tokens.find("secret-1")).isEmpty();
        assertThat(tokens.find("secret-2")).isPresent();
        clocks.advance(CHECK);
        assertThat(tokens.step()).isFalse();
    }

    @Test
    void aBrokenOrMissingFileLeavesTheOldTokensInForceWithAnAlarm() throws Exception {
        TokenFile tokens = open("web-1 secret-1 acme");
        write("this is broken");
        clocks.advance(CHECK);
        tokens.step();

        assertThat(tokens.find("secret-1")).isPresent();
        assertThat(telemetry.alarms().standing().get(TokenFile.ALARM))
                .contains(file.toString())
                .contains("line 1");

        Files.delete(file);
        clocks.advance(CHECK);
        tokens.step();
        assertThat(tokens.find("secret-1")).isPresent();
        assertThat(telemetry.alarms().standing()).containsKey(TokenFile.ALARM);

        write("web-2 secret-2 acme");
        clocks.advance(CHECK);
        tokens.step();
        assertThat(tokens.find("secret-2")).isPresent();
        assertThat(telemetry.alarms().standing()).isEmpty();
    }

    @Test
    void aFileThatIsBrokenAtTheStartIsAnErrorThatNamesIt() throws Exception {
        write("this is broken");

        assertThatThrownBy(() -> TokenFile.open(file, TokensTest::parse, clocks, telemetry.alarms()))
                .isInstanceOf(TokensFileException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining("line 1");
        assertThatThrownBy(() ->
                        TokenFile.open(dir.resolve("none"), TokensTest::parse, clocks, telemetry.alarms()))
                .isInstanceOf(TokensFileException.class)
                .hasMessageContaining("none");
    }

    @Test
    void twoTokensWithOneIdOrOneHashAreAMistake() {
        Token one = new Token("a", Token.sha256Of("s"), ACME, Set.of(Signal.LOGS), null);

        assertThatThrownBy(() -> new TokenSet(List.of(
                        one, new Token("a", Token.sha256Of("other"), ACME, Set.of(Signal.LOGS), null))))
                .hasMessageContaining("the id a");
        assertThatThrownBy(() -> new TokenSet(List.of(
                        one, new Token("b", Token.sha256Of("s"), ACME, Set.of(Signal.LOGS), null))))
                .hasMessageContaining("a and b");
    }

    @Test
    void theTenantComesFromTheTokenInEitherHeader() throws Exception {
        Authenticator authenticator = new Authenticator(open("web-1 secret-1 acme"), "x-auth-token");

        for (Map<String, String> headers : List.of(
                Map.of("authorization", "Bearer secret-1"),
                Map.of("authorization", "bearer  secret-1 "),
                Map.of("x-auth-token", "secret-1"),
                Map.of("authorization", "Basic abc", "x-auth-token", "secret-1"),
                Map.of("authorization", "Bearer secret-1", "x-openwit-tenant", "acme"))) {
            assertThat(authenticator.authenticate(headers::get, Signal.LOGS))
                    .isEqualTo(new Known(new Caller(ACME, "web-1", EnumSet.of(Signal.LOGS, Signal.TRACES))));
        }
    }

    @Test
    void strangersForeignTenantsAndForeignSignalsAreRefusedEachInItsWay() throws Exception {
        Authenticator authenticator = new Authenticator(open("web-1 secret-1 acme"), "x-auth-token");

        assertThat(refusal(authenticator, Map.of(), Signal.LOGS)).isEqualTo(Refusal.UNAUTHENTICATED);
        assertThat(refusal(authenticator, Map.of("authorization", "Bearer wrong"), Signal.LOGS))
                .isEqualTo(Refusal.UNAUTHENTICATED);
        assertThat(refusal(
                        authenticator,
                        Map.of("authorization", "Bearer secret-1", "x-openwit-tenant", "other"),
                        Signal.LOGS))
                .isEqualTo(Refusal.FORBIDDEN);
        assertThat(refusal(authenticator, Map.of("authorization", "Bearer secret-1"), Signal.METRICS))
                .isEqualTo(Refusal.FORBIDDEN);
    }

    @Test
    void withoutAuthenticationTheHeaderNamesTheTenantAndABadNameIsMalformed() {
        Authenticator open = new Authenticator(null, "x-auth-token");

        assertThat(open.authenticate(name -> null, Signal.METRICS))
                .isInstanceOfSatisfying(
                        Known.class, known -> assertThat(known.caller().tenant()).isEqualTo(TenantId.DEFAULT));
        assertThat(open.authenticate(Map.of("x-openwit-tenant", "acme")::get, Signal.METRICS))
                .isInstanceOfSatisfying(
                        Known.class, known -> assertThat(known.caller().tenant()).isEqualTo(ACME));
        for (String bad : List.of("", "../x", "%252e", "a\0b", "x".repeat(10_000))) {
            assertThat(refusal(open, Map.of("x-openwit-tenant", bad), Signal.LOGS)).isEqualTo(Refusal.MALFORMED);
        }
    }

    @Test
    void refusalsAreCountedByDoorAndReason() throws Exception {
        Limits limits = new Limits();
        limits.tokens = open("web-1 secret-1 acme");
        try (GatewayFixture at = new GatewayFixture(limits)) {
            at.gateway.authenticate("http", name -> null, Signal.LOGS);

            assertThat(at.telemetry.metrics().requestsRefused.labelValues("http", "unauthenticated").get())
                    .isEqualTo(1);
        }
    }

    private static Refusal refusal(Authenticator authenticator, Map<String, String> headers, Signal signal) {
        return ((Refused) authenticator.authenticate(headers::get, signal)).outcome().refusal();
    }

    private TokenFile open(String... lines) throws IOException, TokensFileException {
        write(lines);
        return TokenFile.open(file, TokensTest::parse, clocks, telemetry.alarms());
    }

    private void write(String... lines) throws IOException {
        Files.write(file, List.of(lines));
    }

    /// A file with a line a token: id, token in the clear, tenant, and when it expires. YAML is the server's.
    private static TokenSet parse(String text) throws TokensFileException {
        List<Token> tokens = new ArrayList<>();
        for (String line : text.lines().toList()) {
            String[] words = line.split(" ");
            if (words[0].equals("this")) {
                throw new TokensFileException("line 1: not a token");
            }
            Instant expires = words.length > 3 ? Instant.parse(words[3]) : null;
            tokens.add(new Token(
                    words[0],
                    Token.sha256Of(words[1]),
                    new TenantId(words[2]),
                    EnumSet.of(Signal.LOGS, Signal.TRACES),
                    expires));
        }
        return new TokenSet(tokens);
    }
}
