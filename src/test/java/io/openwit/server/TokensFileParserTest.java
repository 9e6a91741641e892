package io.openwit.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.openwit.gateway.Token;
import io.openwit.gateway.TokenSet;
import io.openwit.gateway.TokensFileException;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokensFileParserTest {
    private static final String HASH = Token.sha256Of("s3cret");
    private static final String OTHER = Token.sha256Of("other");

    private final TokensFileParser parser = new TokensFileParser();

    @Test
    void aTokenHasTenantSignalsAndAnEnd() throws TokensFileException {
        TokenSet tokens = parser.parse("""
                tokens:
                  - {id: web-1, sha256: %s, tenant: acme, signals: [logs, traces], expires: 2027-01-01T00:00:00Z}
                  - id: all
                    sha256: %s
                    tenant: beta
                quotas:
                  acme: {bytes_per_second: 50MiB, rows_per_second: 500000}
                """.formatted(HASH, OTHER));

        assertThat(tokens.tokens()).hasSize(2);
        Token web = tokens.tokens().getFirst();
        assertThat(web.tenant()).isEqualTo(new TenantId("acme"));
        assertThat(web.signals()).containsExactlyInAnyOrder(Signal.LOGS, Signal.TRACES);
        assertThat(web.expires()).isEqualTo(Instant.parse("2027-01-01T00:00:00Z"));
        assertThat(tokens.tokens().get(1).signals()).containsExactlyInAnyOrder(Signal.values());
        assertThat(tokens.tokens().get(1).expires()).isNull();
    }

    @Test
    void anEmptyFileKnowsNobody() throws TokensFileException {
        assertThat(parser.parse("# nobody yet\n").tokens()).isEmpty();
        assertThat(parser.parse("tokens:\n").tokens()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'tokens:\n  - {id: a, sha256: H, tenant: t}\n  - {id: a, sha256: O, tenant: t}'|line 3: a token a stands in line 2",
                "'tokens:\n  - {id: a, sha256: H, tenant: t}\n  - {id: b, sha256: H, tenant: t}'|line 3: token b has the sha256 of line 2",
                "'tokens:\n  - {id: a, sha256: abc, tenant: t}'|line 2: token a: ",
                "'tokens:\n  - {id: a, sha256: H}'|line 2: a token needs tenant",
                "'tokens:\n  - id: a\n    sha256: H\n    tenant: ../x'|line 2: token a: a tenant is",
                "'tokens:\n  - id: a\n    sha265: H\n    tenant: t'|line 3: unknown key sha265; the nearest known one is sha256",
                "'tokens:\n  - {id: a, sha256: H, tenant: t, signals: [log]}'|line 2: no such signal: log",
                "'tokens:\n  - {id: a, sha256: H, tenant: t, signals: []}'|line 2: token a: ",
                "'tokens:\n  - {id: a, sha256: H, tenant: t, expires: soon}'|line 2: expires is to be a moment",
                "'quotas:\n  acme: {rows_per_second: many}'|line 2: rows_per_second is to be a number",
                "'toknes: []'|line 1: unknown key toknes; the nearest known one is tokens",
                "'tokens: {a: 1}'|line 1: tokens is to be a list",
                "'tokens: ['|line ",
            })
    void aMistakeIsNamedWithItsLine(String yaml, String expected) {
        assertThatThrownBy(() -> parser.parse(yaml.replace("H", HASH).replace("O", OTHER)))
                .isInstanceOf(TokensFileException.class)
                .hasMessageStartingWith(expected)
                .hasMessageNotContaining(HASH);
    }
}
