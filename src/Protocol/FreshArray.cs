namespace FederationNode.Protocol;

/// <summary>
/// Large arrays of zeros. A page of fresh memory that is read before it is written is mapped twice, and the second time
/// interrupts every processor that runs the process: a table that is probed before it is filled then costs more by its
/// pages than by its contents. So the pages are written at once.
/// </summary>
public static class FreshArray
{
    /// <summary>An array of zeros.</summary>
    /// <typeparam name="T">What holds no references.</typeparam>
    /// <param name="length">0 or more.</param>
    /// <param name="pinned">Whether it never moves.</param>
    public static T[] Of<T>(int length, bool pinned = false)
        where T : unmanaged
    {
        var array = GC.AllocateUninitializedArray<T>(length, pinned);
        array.AsSpan().Clear();
        return array;
    }
}
