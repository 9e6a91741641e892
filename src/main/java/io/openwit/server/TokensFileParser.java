package io.openwit.server;

import io.openwit.gateway.Token;
import io.openwit.gateway.TokenFile;
import io.openwit.gateway.TokenSet;
import io.openwit.gateway.TokensFileException;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import io.openwit.server.YamlValue.Empty;
import io.openwit.server.YamlValue.Field;
import io.openwit.server.YamlValue.Fields;
import io.openwit.server.YamlValue.Items;
import io.openwit.server.YamlValue.Text;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Reads a tokens file: a list `tokens` of `{id, sha256, tenant, signals, expires}`, and quotas a tenant, which are
/// checked and have no effect yet. Thread-safe.
///
/// A token without `signals` may send all of them, one without `expires` stays for ever. No message holds a hash.
final class TokensFileParser implements TokenFile.Parser {
    private static final Logger LOG = Logger.getLogger(TokensFileParser.class.getName());
    private static final List<String> SECTIONS = List.of("tokens", "quotas");
    private static final List<String> TOKEN_FIELDS = List.of("id", "sha256", "tenant", "signals", "expires");
    private static final List<String> QUOTA_FIELDS = List.of("bytes_per_second", "rows_per_second");

    @Override
    public TokenSet parse(String text) throws TokensFileException {
        YamlValue document;
        try {
            document = YamlReader.read(text, System::getenv);
        } catch (YamlException e) {
            throw wrong(e.line(), e.getMessage());
        }
        Map<String, Field> sections = document instanceof Empty ? Map.of() : fields(document, "a tokens file",
                SECTIONS);
        Field quotas = sections.get("quotas");
        if (quotas != null) {
            checkQuotas(quotas.value());
        }
        Field tokens = sections.get("tokens");
        return tokens == null ? new TokenSet(List.of()) : tokens(tokens.value());
    }

    private static TokenSet tokens(YamlValue value) throws TokensFileException {
        List<Token> tokens = new ArrayList<>();
        Map<String, Integer> lineOfId = new HashMap<>();
        Map<String, Integer> lineOfHash = new HashMap<>();
        List<YamlValue> items =
                switch (value) {
                    case Empty _ -> List.of();
                    case Items(List<YamlValue> values, _) -> values;
                    case Text _, Fields _ -> throw wrong(value.line(),
                            "tokens is to be a list of {id, sha256, tenant, …}");
                };
        for (YamlValue item : items) {
            Token token = token(item);
            Integer before = lineOfId.putIfAbsent(token.id(), item.line());
            if (before != null) {
                throw wrong(item.line(), "a token " + token.id() + " stands in line " + before + " already");
            }
            before = lineOfHash.putIfAbsent(token.sha256(), item.line());
            if (before != null) {
                throw wrong(item.line(), "token " + token.id() + " has the sha256 of line " + before);
            }
            tokens.add(token);
        }
        return new TokenSet(tokens);
    }

    private static Token token(YamlValue item) throws TokensFileException {
        Map<String, Field> fields = fields(item, "a token", TOKEN_FIELDS);
        String id = text(fields, "id", item.line());
        String sha256 = text(fields, "sha256", item.line());
        String tenant = text(fields, "tenant", item.line());
        try {
            return new Token(id, sha256, new TenantId(tenant), signals(fields), expires(fields));
        } catch (IllegalArgumentException e) {
            throw wrong(item.line(), "token " + id + ": " + e.getMessage());
        }
    }

    private static Set<Signal> signals(Map<String, Field> fields) throws TokensFileException {
        Field field = fields.get("signals");
        if (field == null) {
            return Set.of(Signal.values());
        }
        if (!(field.value() instanceof Items(List<YamlValue> items, _))) {
            throw wrong(field.line(), "signals is to be a list, such as [logs, traces]");
        }
        Set<Signal> signals = new HashSet<>();
        for (YamlValue item : items) {
            try {
                signals.add(Signal.ofLabel(item instanceof Text(String text, _) ? text : item.kind()));
            } catch (IllegalArgumentException e) {
                throw wrong(item.line(), e.getMessage());
            }
        }
        return signals;
    }

    private static @Nullable Instant expires(Map<String, Field> fields) throws TokensFileException {
        Field field = fields.get("expires");
        if (field == null) {
            return null;
        }
        try {
            return Instant.parse(field.value() instanceof Text(String text, _) ? text : "");
        } catch (DateTimeParseException e) {
            throw wrong(field.line(), "expires is to be a moment such as 2027-01-01T00:00:00Z");
        }
    }

    private static void checkQuotas(YamlValue quotas) throws TokensFileException {
        if (quotas instanceof Empty) {
            return;
        }
        if (!(quotas instanceof Fields(Map<String, Field> tenants, _))) {
            throw wrong(quotas.line(), "quotas is to be a section with a tenant a line");
        }
        for (Map.Entry<String, Field> tenant : tenants.entrySet()) {
            int line = tenant.getValue().line();
            try {
                new TenantId(tenant.getKey());
            } catch (IllegalArgumentException e) {
                throw wrong(line, e.getMessage());
            }
            for (Map.Entry<String, Field> quota :
                    fields(tenant.getValue().value(), "a quota", QUOTA_FIELDS).entrySet()) {
                checkQuota(quota.getKey(), quota.getValue());
            }
        }
        LOG.log(Level.WARNING, "quotas in the tokens file have no effect yet: tenants={0}", tenants.size());
    }

    private static void checkQuota(String name, Field quota) throws TokensFileException {
        try {
            ValueType.bytes(quota.value() instanceof Text(String text, _) ? text : "");
        } catch (IllegalArgumentException e) {
            throw wrong(quota.line(), name + " is to be a number, such as 50MiB or 500000");
        }
    }

    private static Map<String, Field> fields(YamlValue value, String what, List<String> known)
            throws TokensFileException {
        if (!(value instanceof Fields(Map<String, Field> fields, _))) {
            throw wrong(value.line(), what + " is to be {" + String.join(", ", known) + "}, and not " + value.kind());
        }
        for (Map.Entry<String, Field> field : fields.entrySet()) {
            if (!known.contains(field.getKey())) {
                throw wrong(field.getValue().line(), "unknown key " + field.getKey() + "; the nearest known one is "
                        + NearestName.of(field.getKey(), known).orElseThrow());
            }
        }
        return fields;
    }

    private static String text(Map<String, Field> fields, String name, int line) throws TokensFileException {
        Field field = fields.get(name);
        if (field == null || !(field.value() instanceof Text(String text, _)) || text.isBlank()) {
            throw wrong(field == null ? line : field.line(), "a token needs " + name);
        }
        return text.strip();
    }

    private static TokensFileException wrong(int line, @Nullable String message) {
        return new TokensFileException("line " + line + ": " + message);
    }
}
