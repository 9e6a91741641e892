package io.openwit.source.grpc;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCall.Listener;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.openwit.gateway.Authentication;
import io.openwit.gateway.Caller;
import io.openwit.gateway.Gateway;
import io.openwit.model.Signal;
import io.openwit.otlp.OtlpAnswers;
import io.openwit.otlp.RpcStatus;
import org.jspecify.annotations.Nullable;

/// Asks the gateway who calls, on the metadata alone: a call that is refused here never asks for its message.
/// Thread-safe.
final class AuthenticationInterceptor implements ServerInterceptor {
    /// Who calls, for the handler behind this.
    static final Context.Key<Caller> CALLER = Context.key("openwit-caller");

    private final Gateway gateway;
    private final Signal signal;
    private final Failures failures;

    AuthenticationInterceptor(Gateway gateway, Signal signal, Failures failures) {
        this.gateway = gateway;
        this.signal = signal;
        this.failures = failures;
    }

    @Override
    public <Q, A> Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        Authentication authentication;
        try {
            authentication = gateway.authenticate(OtlpGrpcServer.SOURCE, name -> header(headers, name), signal);
        } catch (RuntimeException | Error e) {
            return refused(call, failures.refusal(signal, e));
        }
        return switch (authentication) {
            case Authentication.Known known ->
                Contexts.interceptCall(Context.current().withValue(CALLER, known.caller()), call, headers, next);
            case Authentication.Refused refused -> refused(call, OtlpAnswers.status(refused.outcome()));
        };
    }

    private static <Q, A> Listener<Q> refused(ServerCall<Q, A> call, RpcStatus refusal) {
        call.close(GrpcStatuses.status(refusal), GrpcStatuses.trailers(refusal));
        return new Listener<>() {};
    }

    static @Nullable String header(Metadata headers, String name) {
        return headers.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
    }
}
