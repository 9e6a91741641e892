package io.openwit.gateway;

import io.openwit.gateway.Authentication.Known;
import io.openwit.gateway.Authentication.Refused;
import io.openwit.model.Outcome.Refusal;
import io.openwit.model.Outcome.Rejected;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.util.EnumSet;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Decides from a request's headers who sends it. Thread-safe.
final class Authenticator {
    private static final String TENANT_HEADER = "x-openwit-tenant";
    private static final String BEARER = "Bearer ";

    private final @Nullable Tokens tokens;
    private final String tokenHeader;

    /// @param tokens null where authentication is switched off
    /// @param tokenHeader where a token may stand besides `Authorization: Bearer`
    Authenticator(@Nullable Tokens tokens, String tokenHeader) {
        this.tokens = tokens;
        this.tokenHeader = tokenHeader;
    }

    Authentication authenticate(Function<String, @Nullable String> header, Signal signal) {
        String wanted = header.apply(TENANT_HEADER);
        TenantId tenant = TenantId.DEFAULT;
        if (wanted != null) {
            try {
                tenant = new TenantId(wanted);
            } catch (IllegalArgumentException e) {
                return refused(Refusal.MALFORMED, "X-OpenWit-Tenant: " + e.getMessage());
            }
        }
        Tokens known = tokens;
        if (known == null) {
            return new Known(new Caller(tenant, "anonymous", EnumSet.allOf(Signal.class)));
        }
        String presented = presented(header);
        if (presented == null) {
            return refused(Refusal.UNAUTHENTICATED, "no token: send the header Authorization: Bearer TOKEN");
        }
        Optional<Token> found = known.find(presented);
        if (found.isEmpty()) {
            return refused(Refusal.UNAUTHENTICATED, "the token is not known or has expired");
        }
        Token token = found.get();
        if (wanted != null && !tenant.equals(token.tenant())) {
            return refused(Refusal.FORBIDDEN, "the token belongs to another tenant than X-OpenWit-Tenant names");
        }
        Caller caller = new Caller(token.tenant(), token.id(), token.signals());
        return caller.maySend(signal)
                ? new Known(caller)
                : refused(Refusal.FORBIDDEN, "the token may not send " + signal.label());
    }

    private @Nullable String presented(Function<String, @Nullable String> header) {
        String authorization = header.apply("authorization");
        if (authorization != null && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
            return authorization.substring(BEARER.length()).strip();
        }
        String other = header.apply(tokenHeader);
        return other == null ? null : other.strip();
    }

    private static Refused refused(Refusal refusal, String detail) {
        return new Refused(new Rejected(refusal, detail));
    }
}
