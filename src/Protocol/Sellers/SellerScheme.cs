using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// The scheme of a seller indicator, <c>voprf/&lt;type&gt;/&lt;epoch&gt;</c>, for example <c>voprf/tel/1</c>: which
/// key made the tag. Every (type, epoch) has a key of its own, so that quotas can count each type apart. The scheme's
/// ASCII bytes are the public information from which <see cref="VoprfSecretKey.DeriveFromSeed"/> makes that key.
/// </summary>
/// <param name="Type">The identifier type.</param>
/// <param name="Epoch">The number of the key's period of use, from 1.</param>
public sealed record SellerScheme(SellerIdentifierType Type, int Epoch)
{
    /// <summary>The last epoch.</summary>
    public const int MaxEpoch = 999_999;

    private const string Prefix = "voprf/";

    /// <summary>The number of the key's period of use, from 1 to <see cref="MaxEpoch"/>.</summary>
    public int Epoch { get; } = Epoch is >= 1 and <= MaxEpoch
        ? Epoch
        : throw new ArgumentOutOfRangeException(nameof(Epoch), Epoch, $"Epochs are numbered from 1 to {MaxEpoch}.");

    /// <summary>
    /// Reads a scheme exactly as <see cref="ToString"/> writes it: the epoch has no sign and no leading zero.
    /// </summary>
    public static bool TryParse(
        ReadOnlySpan<char> text,
        [NotNullWhen(true)] out SellerScheme? scheme,
        [NotNullWhen(false)] out string? error)
    {
        scheme = null;
        var slash = text.LastIndexOf('/');
        if (!text.StartsWith(Prefix, StringComparison.Ordinal) || slash < Prefix.Length)
        {
            error = "A seller scheme is voprf/<type>/<epoch>, for example voprf/tel/1.";
            return false;
        }

        if (!SellerIdentifierType.TryParse(text[Prefix.Length..slash], out var type, out error))
        {
            return false;
        }

        var number = text[(slash + 1)..];
        if (!Origin.IsEpoch(number))
        {
            error = "The epoch of a seller scheme is a decimal number from 1 to 999999 without leading zeros.";
            return false;
        }

        scheme = new SellerScheme(type, int.Parse(number, NumberStyles.None, CultureInfo.InvariantCulture));
        return true;
    }

    /// <summary>The ASCII bytes of the text form.</summary>
    public byte[] ToBytes() => Encoding.ASCII.GetBytes(ToString());

    /// <summary>The text form.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Type.Name}/{Epoch}");
}
