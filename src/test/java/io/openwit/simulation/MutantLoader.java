package io.openwit.simulation;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;

/// Loads the log and its simulation once more, with one class changed. Everything else comes from its parent.
final class MutantLoader extends ClassLoader {
    private static final String OURS = "io.openwit.";

    private final String changed;
    private final ClassTransform change;

    /// @param changed the class's name
    MutantLoader(ClassLoader parent, String changed, ClassTransform change) {
        super(parent);
        this.changed = changed;
        this.change = change;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!name.startsWith(OURS)) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            return loaded == null ? define(name) : loaded;
        }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
        try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
            if (in == null) {
                throw new ClassNotFoundException(name);
            }
            byte[] bytes = in.readAllBytes();
            if (name.equals(changed)) {
                ClassFile format = ClassFile.of(
                        ClassFile.ClassHierarchyResolverOption.of(ClassHierarchyResolver.ofResourceParsing(
                                getParent())));
                bytes = format.transformClass(format.parse(bytes), change);
            }
            return defineClass(name, bytes, 0, bytes.length);
        } catch (IOException e) {
            throw new ClassNotFoundException(name, e);
        }
    }
}
