namespace FederationNode.Grains.Storage;

/// <summary>What is wrong with the storage, as far as the node's reaction to it differs.</summary>
public enum StorageFault
{
    /// <summary>A failure that fits none of the others; the inner exception holds the driver's words.</summary>
    Other,

    /// <summary>The file, server or database does not exist, or cannot be reached or opened.</summary>
    Unavailable,

    /// <summary>The credentials or the file's permissions do not allow it.</summary>
    Denied,

    /// <summary>Another process kept the lock for longer than the waiting time.</summary>
    Busy,

    /// <summary>The disk or a quota is full: nothing was written.</summary>
    OutOfSpace,

    /// <summary>The stored bytes are damaged: restore from a copy; nothing was changed.</summary>
    Corrupt,

    /// <summary>The schema is not the one this program knows; nothing was changed.</summary>
    SchemaMismatch,

    /// <summary>The server is set up to acknowledge commits that are not yet on disk.</summary>
    NotDurable,
}
