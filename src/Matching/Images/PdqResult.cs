namespace FederationNode.Matching.Images;

/// <summary>What PDQ says about one picture: its hash in all eight orientations, and how far to trust it.</summary>
public sealed class PdqResult
{
    /// <summary>
    /// The lowest quality, 50 of 100, at which a hash is fit for matching; below it (flat colour, little structure)
    /// unrelated pictures come out alike. The threshold is the one that PDQ's authors recommend.
    /// </summary>
    public const int ReliableQuality = 50;

    /// <summary>How many orientations there are: 8.</summary>
    public const int OrientationCount = 8;

    private readonly PdqHash[] _hashes;

    internal PdqResult(PdqHash[] hashes, int quality, int width, int height)
    {
        _hashes = hashes;
        Quality = quality;
        Width = width;
        Height = height;
    }

    /// <summary>The hash of the picture as it is: the one to publish.</summary>
    public PdqHash Hash => _hashes[0];

    /// <summary>The hashes in the order of <see cref="PdqOrientation"/>: the ones to query with.</summary>
    public ReadOnlySpan<PdqHash> Orientations => _hashes;

    /// <summary>How much structure the picture has, 0 (none: the hash says nothing) to 100.</summary>
    public int Quality { get; }

    /// <summary>Whether <see cref="Quality"/> reaches <see cref="ReliableQuality"/>.</summary>
    public bool IsReliable => Quality >= ReliableQuality;

    /// <summary>Width in pixels, after the file's own orientation was applied.</summary>
    public int Width { get; }

    /// <summary>Height in pixels, after the file's own orientation was applied.</summary>
    public int Height { get; }

    internal PdqResult WithSize(int width, int height) => new(_hashes, Quality, width, height);

    /// <summary>The hash of the picture in one orientation.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such orientation.</exception>
    public PdqHash this[PdqOrientation orientation] => (uint)orientation < OrientationCount
        ? _hashes[(int)orientation]
        : throw new ArgumentOutOfRangeException(nameof(orientation), orientation, "There are eight orientations.");
}
