namespace FederationNode.Grains.Storage;

/// <summary>
/// The storage cannot do what was asked. The message names the file or database (never a password), says what is
/// wrong and what to do. After a failed write the outcome is unknown unless <see cref="Fault"/> says that nothing
/// was written: read the row again before going on.
/// </summary>
public class StorageException : Exception
{
    /// <summary>Creates the exception for <paramref name="fault"/>.</summary>
    /// <param name="fault">The class of fault.</param>
    /// <param name="message">What is wrong, with what, and what to do about it.</param>
    /// <param name="inner">The driver's exception, if there is one.</param>
    public StorageException(StorageFault fault, string message, Exception? inner = null)
        : base(message, inner) => Fault = fault;

    /// <summary>The class of fault, on which a caller can base its reaction.</summary>
    public StorageFault Fault { get; }
}
