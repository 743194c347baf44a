package onnx

// The part of onnx.proto (IR version 13) that this package reads: field
// numbers, and the wire kind of each.
const (
	modelIRVersion   = 1
	modelGraph       = 7
	modelOpsetImport = 8

	opsetDomain  = 1
	opsetVersion = 2

	graphNode   = 1
	graphInit   = 5
	graphInput  = 11
	graphOutput = 12
	graphSparse = 15

	nodeInput  = 1
	nodeOutput = 2
	nodeName   = 3
	nodeOp     = 4
	nodeAttr   = 5
	nodeDomain = 7

	attrName    = 1
	attrFloat   = 2
	attrInt     = 3
	attrString  = 4
	attrTensor  = 5
	attrGraph   = 6
	attrFloats  = 7
	attrInts    = 8
	attrStrings = 9
	attrType    = 20
	attrRef     = 21

	tensorDims     = 1
	tensorType     = 2
	tensorSegment  = 3
	tensorFloats   = 4
	tensorInt32s   = 5
	tensorInt64s   = 7
	tensorName     = 8
	tensorRaw      = 9
	tensorDoubles  = 10
	tensorUint64s  = 11
	tensorExternal = 13
	tensorLocation = 14

	entryKey   = 1
	entryValue = 2

	valueName = 1
	valueType = 2

	typeTensor = 1

	tensorTypeElem  = 1
	tensorTypeShape = 2

	shapeDim = 1

	dimValue = 1
	dimParam = 2
)

var (
	modelMessage  = message{modelIRVersion: varint, modelGraph: bytes, modelOpsetImport: bytes}
	opsetMessage  = message{opsetDomain: text, opsetVersion: varint}
	graphMessage  = message{graphNode: bytes, graphInit: bytes, graphInput: bytes, graphOutput: bytes, graphSparse: bytes}
	nodeMessage   = message{nodeInput: text, nodeOutput: text, nodeName: text, nodeOp: text, nodeAttr: bytes, nodeDomain: text}
	attrMessage   = message{attrName: text, attrFloat: fixed32, attrInt: varint, attrString: bytes, attrTensor: bytes, attrGraph: bytes, attrFloats: fixed32s, attrInts: varints, attrStrings: bytes, attrType: varint, attrRef: text}
	tensorMessage = message{tensorDims: varints, tensorType: varint, tensorSegment: bytes, tensorFloats: fixed32s, tensorInt32s: varints, tensorInt64s: varints, tensorName: text, tensorRaw: bytes, tensorDoubles: fixed64s, tensorUint64s: varints, tensorExternal: bytes, tensorLocation: varint}
	entryMessage  = message{entryKey: text, entryValue: text}
	valueMessage  = message{valueName: text, valueType: bytes}
	typeMessage   = message{typeTensor: bytes}
	tensorTypeMsg = message{tensorTypeElem: varint, tensorTypeShape: bytes}
	shapeMessage  = message{shapeDim: bytes}
	dimMessage    = message{dimValue: varint, dimParam: text}
)

// The types of an attribute: AttributeProto.AttributeType. Those above
// typeStrings, and typeGraph, never reach onnx-go.
const (
	typeFloat   = 1
	typeInt     = 2
	typeString  = 3
	typeTensors = 4 // one tensor
	typeGraph   = 5
	typeFloats  = 6
	typeInts    = 7
	typeStrings = 8
)
