using System.Text;
using FederationNode.Contracts;

namespace FederationNode.Detector;

/// <summary>A part of a form: an image file, a text or a seller tag.</summary>
public sealed class FormPart
{
    private FormPart(string kind, ReadOnlyMemory<byte> content, string? id)
    {
        if (id is { Length: 0 or > Limits.MaxItemId } || (id ?? "").Any(c => c is < ' ' or '"' or > '~'))
        {
            throw new ArgumentException(
                $"The id of a part has 1 to {Limits.MaxItemId} printable ASCII characters other than '\"'.", nameof(id));
        }

        (Kind, Content, Id) = (kind, content, id);
    }

    /// <summary><c>image</c>, <c>text</c> or <c>seller</c>.</summary>
    public string Kind { get; }

    /// <summary>The caller's own name for it, handed back, or null.</summary>
    public string? Id { get; }

    internal ReadOnlyMemory<byte> Content { get; }

    /// <summary>A JPEG, PNG or WebP file, at most 20,971,520 bytes.</summary>
    /// <exception cref="ArgumentException">The file is empty or too large, or the id is none.</exception>
    public static FormPart Image(ReadOnlyMemory<byte> file, string? id = null) =>
        file.Length is > 0 and <= Limits.MaxCheckImage
            ? new FormPart("image", file, id)
            : throw new ArgumentException($"An image file has 1 to {Limits.MaxCheckImage} bytes, not {file.Length}.", nameof(file));

    /// <summary>A text of 1 to 100,000 UTF-16 code units.</summary>
    /// <exception cref="ArgumentException">The text is empty or too long, or the id is none.</exception>
    public static FormPart Text(string text, string? id = null) =>
        text.Length is > 0 and <= Limits.MaxCheckText
            ? new FormPart("text", Encoding.UTF8.GetBytes(text), id)
            : throw new ArgumentException($"A text has 1 to {Limits.MaxCheckText} UTF-16 code units, not {text.Length}.", nameof(text));

    /// <summary>A seller tag, as 64 lower-case hexadecimal digits.</summary>
    /// <exception cref="ArgumentException">The id is none.</exception>
    public static FormPart Seller(string tag, string? id = null) => new("seller", Encoding.UTF8.GetBytes(tag), id);
}
