using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Grains;
using FederationNode.Matching.Checking;
using FederationNode.Matching.Policy;
using FederationNode.Node.Api.Feedback;
using FederationNode.Node.Api.Problems;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using Microsoft.AspNetCore.WebUtilities;

namespace FederationNode.Node.Api.Checking;

/// <summary>
/// A check as a form (RFC 7578), part by part: one part is in memory at a time, and what it held is wiped after it.
/// Nothing of it is stored or logged.
/// </summary>
internal sealed class FormCheck(
    ItemChecker checker,
    ListWatch watch,
    HitRecorder recorder,
    TallyRecorder tallies,
    PictureHasher pictures,
    CheckFormPlaces places,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock)
{
    private const string Image = "image";
    private const int MaxBoundary = 70;
    private const int MaxHeaders = 8;
    private const int MaxHeaderBytes = 4096;

    private static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);

    /// <summary>Answers, or says why not before anything was answered.</summary>
    /// <exception cref="OperationCanceledException">The deadline passed, or the client left.</exception>
    public async ValueTask<ProblemResult?> AnswerAsync(HttpContext context, Deadline deadline)
    {
        if (!TryReadBoundary(context.Request, out var boundary))
        {
            return Fault.MediaType.Because("Send the form as multipart/form-data, with its boundary of 1 to 70 characters.");
        }

        if (!places.TryTake(context))
        {
            return Fault.TooMany.Because($"{Limits.MaxCheckForms} checks as forms are under way already.");
        }

        using var body = new BoundedStream(context.Request.Body, Limits.MaxCheckForm);
        var reader = new MultipartReader(boundary, body)
        {
            HeadersCountLimit = MaxHeaders,
            HeadersLengthLimit = MaxHeaderBytes,
            BodyLengthLimit = null,
        };
        var current = watch.Current;
        var parts = new List<CheckPart>();
        try
        {
            while (await reader.ReadNextSectionAsync(deadline.Token) is { } section)
            {
                if (parts.Count == Limits.MaxCheckParts)
                {
                    return Fault.Invalid.Because($"A form has 1 to {Limits.MaxCheckParts} parts.");
                }

                if (!TryReadName(section, out var kind, out var id))
                {
                    return Fault.Invalid.Because(
                        $"Part {parts.Count + 1} has another name than image, text or seller, with or without :ID of 1 to "
                        + $"{Limits.MaxItemId} characters behind it.");
                }

                parts.Add(await CheckAsync(kind, id, section.Body, deadline));
            }
        }
        catch (BoundedStreamException)
        {
            return Fault.TooLarge.Because($"A form has at most {Limits.MaxCheckForm} bytes: send it in parts.");
        }
        catch (Exception e) when (e is (IOException or InvalidDataException) and not BadHttpRequestException)
        {
            return Fault.MalformedForm.Because(
                $"The form ends early or is not as RFC 7578 has it, after part {parts.Count}: send it again, whole.");
        }

        if (parts.Count == 0)
        {
            return Fault.Invalid.Because($"A form has 1 to {Limits.MaxCheckParts} parts.");
        }

        var list = watch.Describe(current);
        await context.Response.WriteAsJsonAsync(
            new CheckFormResponse(parts, list.Version, list.Size, list.AgeSeconds, list.Stale),
            ApiJson.Options,
            ApiJson.ContentType,
            context.RequestAborted);
        return null;
    }

    private static bool TryReadBoundary(HttpRequest request, out string boundary)
    {
        boundary = MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            && type.MediaType is "multipart/form-data"
            && type.Parameters.FirstOrDefault(p => p.Name.Equals("boundary", StringComparison.OrdinalIgnoreCase))?.Value is { } value
                ? value.Trim('"')
                : "";
        return boundary.Length is >= 1 and <= MaxBoundary;
    }

    private static bool TryReadName(MultipartSection section, out string kind, out string? id)
    {
        (kind, id) = ("", null);
        if (section.GetContentDispositionHeader() is not { } disposition
            || !disposition.DispositionType.Equals("form-data", StringComparison.OrdinalIgnoreCase)
            || Microsoft.Net.Http.Headers.HeaderUtilities.RemoveQuotes(disposition.Name).Value is not { } name)
        {
            return false;
        }

        var colon = name.IndexOf(':', StringComparison.Ordinal);
        (kind, id) = colon < 0 ? (name, null) : (name[..colon], name[(colon + 1)..]);
        return kind is Image or ItemChecker.Text or IndicatorKind.Seller && id is null or { Length: >= 1 and <= Limits.MaxItemId };
    }

    private async Task<CheckPart> CheckAsync(string kind, string? id, Stream body, Deadline deadline)
    {
        // A code unit takes at most 3 bytes in UTF-8.
        var most = kind == Image ? Limits.MaxCheckImage : (3 * Limits.MaxCheckText) + 1;
        using var part = await PartBytes.ReadAsync(body, most, deadline.Token);
        return part is null
                ? Refused(id, kind, null, null, Fault.TooLarge.Because($"A part of this kind has at most {most} bytes."))
            : kind == Image ? await CheckImageAsync(id, part.Memory, deadline)
            : CheckText(id, kind, part.Memory.Span);
    }

    private CheckPart CheckText(string? id, string kind, ReadOnlySpan<byte> bytes)
    {
        string value;
        try
        {
            value = s_strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return Refused(id, kind, null, null, Fault.Invalid.Because("The part is not UTF-8."));
        }

        var item = new CheckItem(kind, value, id);
        if (ItemChecker.FaultOf(item) is { } fault)
        {
            return Refused(id, kind, null, null, Fault.Invalid.Because($"{fault.TrimStart('.')}."));
        }

        var verdict = Check(item);
        tallies.Count(verdict);
        return new CheckPart(id, kind, verdict.Verdict, verdict.Matches, verdict.Reason, null, null);
    }

    private async Task<CheckPart> CheckImageAsync(string? id, ReadOnlyMemory<byte> file, Deadline deadline)
    {
        var file256 = new Hash256(SHA256.HashData(file.Span));
        var sha256 = file256.ToString();
        var (picture, error) = await pictures.HashAsync(file, deadline.Token);

        // One list for the file and the picture.
        var opened = Open();
        var hits = new List<Hash256>();
        var exact = ItemChecker.Answer(opened.CheckImage(file256), IndicatorKind.ImageSha256, id, hits);
        if (picture is null)
        {
            // The very file may be listed all the same.
            recorder.Record(hits);
            tallies.Count(exact);
            var unknown = new CheckedImage(sha256, null, null, false, null, null);
            return Refused(id, Image, exact, unknown, Fault.BadImage.Because(error!));
        }

        CheckVerdict[] all = picture.IsReliable
            ? [exact, ItemChecker.Answer(opened.CheckPdq(picture), IndicatorKind.ImagePdq, id, hits)]
            : [exact];
        recorder.Record(hits);
        var gravest = all.MaxBy(v => VerdictText.FromAction(v.Verdict))!;
        var verdict = gravest with { Matches = Merge(all) };
        tallies.Count(verdict);
        return new CheckPart(
            id,
            Image,
            verdict.Verdict,
            verdict.Matches,
            verdict.Reason,
            new CheckedImage(
                sha256, picture.Hash.ToString(), picture.Quality, picture.IsReliable, picture.Width, picture.Height),
            null);
    }

    private CheckVerdict Check(CheckItem item)
    {
        var hits = new List<Hash256>();
        var verdict = ItemChecker.Answer(ItemChecker.Check(Open(), AskedItem.Of(item)), item.Kind, item.Id, hits);
        recorder.Record(hits);
        return verdict;
    }

    private ListChecker Open() => checker.Open(clock.GetUtcNow().ToUnixTimeSeconds(), watch.IsStale);

    /// <summary>One match an indicator, the nearest; in the order of all answers.</summary>
    private static List<CheckMatch> Merge(IEnumerable<CheckVerdict> verdicts) =>
        [.. verdicts
            .SelectMany(v => v.Matches)
            .GroupBy(m => m.IndicatorId, StringComparer.Ordinal)
            .Select(g => g.MinBy(m => m.Distance ?? 0)!)
            .OrderByDescending(m => VerdictText.FromAction(m.Verdict))
            .ThenByDescending(m => m.Confidence)
            .ThenBy(m => m.IndicatorId, StringComparer.Ordinal)
            .Take(Limits.MaxCheckMatches)];

    private static CheckPart Refused(
        string? id, string kind, CheckVerdict? known, CheckedImage? image, ProblemResult problem) =>
        new(id, kind, known?.Verdict, known?.Matches ?? [], known?.Reason, image, problem.ToProblem());
}
