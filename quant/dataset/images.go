package dataset

import (
	"bufio"
	"image"
	stddraw "image/draw"
	_ "image/jpeg"
	_ "image/png"
	"io"
	"os"

	"golang.org/x/image/draw"
)

// A few bytes of PNG can claim 2^62 pixels. maxPixels bounds a picture, and
// pixelsPerByte what a file of its size can hold: PNG has eight pixels of one bit
// in a byte and deflate packs that by at most 1032; JPEG spends a bit on the mean
// of 64 pixels.
const (
	maxPixels     = 1 << 27
	pixelsPerByte = 8 * 1032
)

// loadImage reads the picture at path as NHWC numbers 0..255 of the extent that
// the network takes.
func loadImage(path string, want extent, o *Options, raw []float64) error {
	img, err := decode(path)
	if err != nil {
		return err
	}
	if o.Resize > 0 {
		if img, err = resize(path, img, o.Resize); err != nil {
			return err
		}
	}
	size := img.Rect.Size()
	at := image.Point{}
	if o.Crop > 0 {
		if size.X < o.Crop || size.Y < o.Crop {
			return errorf(path, "the picture is %dx%d, smaller than the crop of %d, resize it", size.Y, size.X, o.Crop)
		}
		at = image.Pt((size.X-o.Crop)/2, (size.Y-o.Crop)/2)
	} else if size.X != want.w || size.Y != want.h {
		return errorf(path, "the picture is %dx%d, the network takes %dx%d, give resize and crop", size.Y, size.X, want.h, want.w)
	}
	// Cut and convert in one walk; a crop is a small part of a photograph.
	for y := range want.h {
		for x := range want.w {
			px := img.Pix[img.PixOffset(at.X+x, at.Y+y):][:3]
			if want.c == 3 {
				for c, v := range px {
					raw[(y*want.w+x)*3+c] = float64(v)
				}
				continue
			}
			// The weights of BT.601 in 16 bits, as PNG and JPEG tools have them.
			luma := 19595*uint32(px[0]) + 38470*uint32(px[1]) + 7471*uint32(px[2])
			raw[y*want.w+x] = float64((luma + 1<<15) >> 16)
		}
	}
	return nil
}

// decode reads a JPEG or PNG as opaque RGB with its corner at the origin.
func decode(path string) (*image.RGBA, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errorf(path, "%w, check the path", reason(err))
	}
	defer f.Close()
	// The size is asked before the picture: decoding allocates what it states.
	conf, _, err := image.DecodeConfig(bufio.NewReader(f))
	if err != nil {
		return nil, errorf(path, "%w, give a JPEG or PNG", reason(err))
	}
	if conf.Width <= 0 || conf.Height <= 0 || conf.Width > maxPixels/conf.Height {
		return nil, errorf(path, "the picture is %dx%d, give 1 to %d pixels", conf.Height, conf.Width, maxPixels)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errorf(path, "%w, check the file", reason(err))
	}
	if int64(conf.Width)*int64(conf.Height) > info.Size()*pixelsPerByte {
		return nil, errorf(path, "the picture is %dx%d, too much for its %d bytes, get the file again", conf.Height, conf.Width, info.Size())
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, errorf(path, "%w, check the file", reason(err))
	}
	img, _, err := image.Decode(bufio.NewReader(f))
	if err != nil {
		return nil, errorf(path, "%w, get the file again", reason(err))
	}
	rect := image.Rectangle{Max: img.Bounds().Size()}
	if o, ok := img.(interface{ Opaque() bool }); ok && o.Opaque() {
		rgb := image.NewRGBA(rect)
		stddraw.Draw(rgb, rect, img, img.Bounds().Min, stddraw.Src)
		return rgb, nil
	}
	// Transparency is dropped and the colour below it kept: training pipelines
	// do so, and blending would need a background that nobody stated.
	straight, ok := img.(*image.NRGBA)
	if !ok {
		straight = image.NewNRGBA(rect)
		stddraw.Draw(straight, rect, img, img.Bounds().Min, stddraw.Src)
	}
	rgb := &image.RGBA{Pix: straight.Pix, Stride: straight.Stride, Rect: rect}
	for i := 3; i < len(rgb.Pix); i += 4 {
		rgb.Pix[i] = 255
	}
	return rgb, nil
}

// resize scales img so that its shorter side is side; the longer side is
// rounded down, as torchvision does.
func resize(path string, img *image.RGBA, side int) (*image.RGBA, error) {
	size := img.Rect.Size()
	short := min(size.X, size.Y)
	if short == side {
		return img, nil
	}
	w, h := size.X*side/short, size.Y*side/short
	if w > maxPixels/h {
		return nil, errorf(path, "the picture is %dx%d, too long to resize to %d, crop it beforehand", size.Y, size.X, side)
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.CatmullRom.Scale(out, out.Rect, img, img.Rect, draw.Src, nil)
	return out, nil
}
